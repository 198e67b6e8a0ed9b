#!/usr/bin/env bash
# Makes fixtures/signer.der and fixtures/chains.der for `verdict_differential`, with the openssl command alone: pairs of
# a leaf and its issuer, one for each kind of signature, all under one root whose key is public. The target signs
# with that key what it has changed; nothing else trusts it.
set -euo pipefail
cd "$(dirname "$0")"
here=$PWD
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

# PKCS#8 of the Ed25519 key whose seed is 32 times the byte 7, as script.rs has it.
{ printf '\x30\x2e\x02\x01\x00\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20'; printf '\x07%.0s' {1..32}; } >root.kder
openssl pkey -inform DER -in root.kder -out root.key
openssl req -x509 -new -key root.key -subj "/CN=Root" -days 9000 -out root.crt -config /dev/stdin \
    -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign \
    <<<$'[req]\ndistinguished_name=dn\n[dn]'

issue() { # name, issuer, extensions, options of the signature
    openssl req -new -key "$1.key" -subj "/CN=$1" -config /dev/stdin -out "$1.csr" <<<$'[req]\ndistinguished_name=dn\n[dn]'
    printf '%s\n' "$3" >"$1.ext"
    openssl x509 -req -in "$1.csr" -CA "$2.crt" -CAkey "$2.key" -days 8000 -extfile "$1.ext" -out "$1.crt" "${@:4}" 2>/dev/null
}
ids=$'subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n'
ca="${ids}"$'basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign'
leaf="${ids}"$'basicConstraints=critical,CA:FALSE\nextendedKeyUsage=serverAuth,clientAuth\nsubjectAltName=DNS:server.test,URI:spiffe://a.test/b'

openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out l.key
: >chains.der
pair() { # options of the key, options of the signature
    openssl genpkey -quiet $1 -out i.key
    issue i root "$ca"
    issue l i "$leaf" $2
    for one in l i; do openssl x509 -in "$one.crt" -outform DER >>chains.der; done
}
pss() { echo "-$1 -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:$2"; }
ec="-algorithm EC -pkeyopt ec_paramgen_curve:"
rsa="-algorithm RSA -pkeyopt rsa_keygen_bits:"
pair "${ec}P-256" -sha256
pair "${ec}P-256" -sha384
pair "${ec}P-384" -sha256
pair "${ec}P-384" -sha384
pair "-algorithm ED25519" ""
pair "${rsa}2048" -sha256
pair "${rsa}2048" -sha384
pair "${rsa}2048" -sha512
pair "${rsa}2048" "$(pss sha256 digest)"
pair "${rsa}2048" "$(pss sha384 digest)"
pair "${rsa}2056 -pkeyopt rsa_keygen_pubexp:3" -sha256
# What is not on the list.
pair "${rsa}2048" "$(pss sha256 max)"
pair "${rsa}2048" -sha1
# What ring lacks.
pair "${ec}P-256" -sha512
pair "${ec}P-521" -sha512
# Directly under the root, which comes along.
issue l root "$leaf"
for one in l root; do openssl x509 -in "$one.crt" -outform DER >>chains.der; done

cp chains.der "$here/fixtures/chains.der"
openssl x509 -in root.crt -outform DER -out "$here/fixtures/signer.der"

# Scripts: which pair, how it is verified, then edits; see script.rs.
seeds=$here/corpus/verdict_differential
mkdir -p "$seeds"
rm -f "$seeds"/seed-*
for n in {0..15}; do
    printf "\\x$(printf %02x "$n")\\x00" >"$seeds/seed-pair-$n"
done
printf '\x00\x03' >"$seeds/seed-signed"
# Other encodings of a key and of a signature, and both at once.
for n in 0 3 4 5 8; do
    for what in 10 20 30; do
        printf "\\x$(printf %02x "$n")\\x00\\x$what\\x01\\x01" >"$seeds/seed-trick-$what-$n"
    done
done
openssl x509 -in l.crt -outform DER >"$seeds/seed-raw"

seeds=$here/corpus/san_differential
mkdir -p "$seeds"
rm -f "$seeds"/seed-*
san() { # name, configuration
    openssl asn1parse -genconf /dev/stdin -noout -out "$seeds/seed-$1" <<<"asn1=SEQUENCE:n"$'\n'"[n]"$'\n'"$2"
}
san dns $'a=IMPLICIT:2,IA5:server.test\nb=IMPLICIT:2,IA5:*.Wild.TEST\nc=IMPLICIT:2,IA5:a_b.test'
san uri $'a=IMPLICIT:6,IA5:spiffe://prod.test/alice'
san uris $'a=IMPLICIT:6,IA5:spiffe://prod.test/alice\nb=IMPLICIT:6,IA5:https://a.test/b?c#d'
san ip $'a=IMPLICIT:7,FORMAT:HEX,OCT:7f000001\nb=IMPLICIT:7,FORMAT:HEX,OCT:00000000000000000000ffff0a000001'
san mask $'a=IMPLICIT:7,FORMAT:HEX,OCT:0a000000ff000000'
san email $'a=IMPLICIT:1,IA5:A.b@C.test'
san nul $'a=IMPLICIT:2,FORMAT:HEX,OCT:612e74657374002e62'
san other $'a=IMPLICIT:0,SEQUENCE:o\nb=IMPLICIT:8,OID:1.2.3.4\nc=IMPLICIT:2,IA5:a.test\n[o]\na=OID:1.3.6.1.4.1.311.20.2.3\nb=EXPLICIT:0,UTF8:alice@a.test'
printf '\x30\x00' >"$seeds/seed-empty"
cp "$here/corpus/peer_identity/seed-names" "$seeds/seed-certificate"
