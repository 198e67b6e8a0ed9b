// Makes the calls that stdin names, and prints the error of each.
const fs = require('fs');
const http = require('http');
const https = require('https');

function call([id, url, ca, cert, key, version, limit]) {
  return new Promise((resolve) => {
    const failed = (error) => {
      const code = error.code ? `\tcode: '${error.code}'` : '';
      const text = String(error).split('\n').filter((line) => line).join(' ');
      console.log(`${id}\t${text}${code}`);
      resolve();
    };
    const options = { agent: false, timeout: limit * 1000 };
    if (url.startsWith('https')) options.ca = fs.readFileSync(ca);
    if (cert) Object.assign(options, { cert: fs.readFileSync(cert), key: fs.readFileSync(key) });
    if (version === '1.2') options.maxVersion = 'TLSv1.2';
    try {
      const request = (url.startsWith('https') ? https : http).get(url, options, (answer) => {
        answer.on('error', failed).on('end', resolve).resume();
      });
      request.on('error', failed);
      request.on('timeout', () => request.destroy(new Error('timeout')));
    } catch (error) {
      failed(error);
    }
  });
}

const lines = fs.readFileSync(0, 'utf8').split('\n').filter((line) => line);
lines.reduce((before, line) => before.then(() => call(line.split('\t'))), Promise.resolve());
