// A CA and a leaf below it, by node-forge. SHA-256 is named: its default is SHA-1.
const forge = require('node-forge');
const fs = require('fs');

const name = commonName => [
  { name: 'commonName', value: commonName },
  { name: 'countryName', value: 'US' },
  { shortName: 'ST', value: 'Virginia' },
  { name: 'localityName', value: 'Blacksburg' },
  { name: 'organizationName', value: 'Test' },
];
const keyUsage = {
  name: 'keyUsage',
  keyCertSign: true,
  digitalSignature: true,
  nonRepudiation: true,
  keyEncipherment: true,
  dataEncipherment: true,
};

function issue(file, serialNumber, subject, extensions, issuerKey) {
  const keys = forge.pki.rsa.generateKeyPair(2048);
  const certificate = forge.pki.createCertificate();
  certificate.publicKey = keys.publicKey;
  certificate.serialNumber = serialNumber;
  certificate.validity.notBefore = new Date();
  certificate.validity.notAfter = new Date();
  certificate.validity.notAfter.setFullYear(certificate.validity.notBefore.getFullYear() + 1);
  certificate.setSubject(name(subject));
  certificate.setIssuer(name('My CA'));
  certificate.setExtensions(extensions);
  certificate.sign(issuerKey || keys.privateKey, forge.md.sha256.create());
  fs.writeFileSync(file + '.crt', forge.pki.certificateToPem(certificate));
  fs.writeFileSync(file + '.key', forge.pki.privateKeyToPem(keys.privateKey));
  return keys.privateKey;
}

const caKey = issue('ca', '01', 'My CA', [
  { name: 'basicConstraints', cA: true },
  keyUsage,
  { name: 'subjectKeyIdentifier' },
]);
issue('leaf', '02', 'server.test', [
  keyUsage,
  { name: 'extKeyUsage', serverAuth: true, clientAuth: true },
  { name: 'subjectAltName', altNames: [{ type: 2, value: 'server.test' }] },
  { name: 'subjectKeyIdentifier' },
], caKey);
issue('address', '03', 'alice@corp.test', [
  keyUsage,
  { name: 'extKeyUsage', clientAuth: true },
  { name: 'subjectKeyIdentifier' },
], caKey);
