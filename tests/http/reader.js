// Reads lines `name: value` from standard input and prints what it finds, certificates as hexadecimal DER.
const { createHash, X509Certificate } = require('crypto');
const { parseItem, parseList } = require('structured-headers');

const hex = (bytes) => Buffer.from(bytes).toString('hex');
const pems = (text) => decodeURIComponent(text).match(/-----BEGIN [^]*?-----END CERTIFICATE-----\n/g);
const ders = (text) => pems(text).map((pem) => hex(new X509Certificate(pem).raw)).join();

for (const line of require('fs').readFileSync(0, 'latin1').trim().split('\n')) {
    const [, name, value] = line.match(/^([a-z-]+): (.*)$/);
    if (name === 'client-cert') {
        console.log(name, hex(parseItem(value)[0]));
    } else if (name === 'client-cert-chain') {
        console.log(name, parseList(value).map(([bytes]) => hex(bytes)).join());
    } else {
        // One element: pairs between semicolons that stand outside of quotes.
        const pairs = value.match(/[^;"]*("(\\"|[^"])*")?(?=;|$)/g).filter((pair) => pair);
        for (const pair of pairs) {
            const key = pair.slice(0, pair.indexOf('=')).toLowerCase();
            const text = pair.slice(key.length + 1).replace(/^"(.*)"$/, '$1').replace(/\\"/g, '"');
            if (key !== 'subject') console.log(key, key === 'cert' || key === 'chain' ? ders(text) : text);
        }
    }
}
