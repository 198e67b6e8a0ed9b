'use strict';
// Requires a certificate and says hello to it, on HTTP/1.1 or HTTP/2. Prints `listening on HOST:PORT`.

const fs = require('fs');
const http2 = require('http2');
const https = require('https');

const { version, h2, end } = JSON.parse(process.argv[2]);

const options = {
  ca: fs.readFileSync(end.ca),
  cert: fs.readFileSync(end.cert),
  key: fs.readFileSync(end.key),
  passphrase: end.passphrase,
  minVersion: version,
  maxVersion: version,
  requestCert: true,
  rejectUnauthorized: true,
};

function answer(request, response) {
  const socket = h2 ? request.stream.session.socket : request.socket;
  const name = socket.getPeerCertificate().subject.CN;
  let body = '';
  request.on('data', (part) => { body += part; });
  request.on('end', () => response.end(body ? `hello ${name} ${body}\n` : `hello ${name}\n`));
}

const server = h2 ? http2.createSecureServer(options, answer) : https.createServer(options, answer);
server.on('tlsClientError', (error) => console.error(`${error.code}: ${error.message}`));
server.listen(0, '127.0.0.1', () => console.log(`listening on 127.0.0.1:${server.address().port}`));
