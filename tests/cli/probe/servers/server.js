// A TLS server that requires a client certificate: node server.js PORT IDENTITY FOLDER FINDS
const fs = require('fs');
const tls = require('tls');

const [port, identity, folder, finds] = process.argv.slice(2);
const read = (name) => fs.readFileSync(`${folder}/${name}`);
const options = {
  cert: read(`${identity}.crt`),
  key: read(`${identity}.key`),
  ca: read('ca.crt'),
  requestCert: true,
  rejectUnauthorized: true,
};
if (finds === 'Revoked') options.crl = read('ca.crl').toString().split(/(?=-----BEGIN)/);
if (finds === 'WrongScheme') options.sigalgs = 'RSA-PSS+SHA256';
const server = tls.createServer(options, (socket) => {
  socket.on('error', () => {});
  if (finds === 'WrongName' && socket.getPeerCertificate().subject.CN !== 'alice') socket.destroy();
});
server.on('tlsClientError', () => {});
server.listen(Number(port), '127.0.0.1');
