'use strict';
// Asks once, by HTTP/1.1 or HTTP/2, and prints the body of the answer; or what went wrong, with exit code 1.

const fs = require('fs');
const http2 = require('http2');
const https = require('https');

const { host, port, version, h2, body, end } = JSON.parse(process.argv[2]);

const options = {
  host: '127.0.0.1',
  port,
  servername: host,
  ca: fs.readFileSync(end.ca),
  cert: end.cert && fs.readFileSync(end.cert),
  key: end.key && fs.readFileSync(end.key),
  passphrase: end.passphrase,
  minVersion: version,
  maxVersion: version,
};

function fail(error) {
  console.error(`${error.code}: ${error.message}`);
  process.exit(1);
}

function print(answer) {
  answer.on('error', fail);
  answer.pipe(process.stdout);
}

if (h2) {
  const session = http2.connect(`https://${host}:${port}`, options);
  session.on('error', fail);
  const request = session.request({ ':method': body ? 'POST' : 'GET' }, { endStream: !body });
  request.on('end', () => session.close());
  print(request);
  if (body) request.end(body);
} else {
  const request = https.request({ ...options, method: body ? 'POST' : 'GET', agent: false }, print);
  request.on('error', fail);
  request.end(body);
}
