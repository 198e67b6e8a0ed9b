#!/usr/bin/env bash
# Makes the seeds of the targets that read files of every format (ber, certificate, encrypted_key, pem,
# pem_differential, pkcs7, pkcs12, inspect, sniff) with openssl (3.0 or later), keytool with BouncyCastle (libbcprov-java),
# certtool and pk12util. Nothing else depends on their keys.
set -euo pipefail
cd "$(dirname "$0")"
here=$PWD
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

seed() { # target, name: standard input becomes a seed
    mkdir -p "$here/corpus/$1"
    cat >"$here/corpus/$1/seed-$2"
}
quiet() { "$@" 2>/dev/null; }
for target in ber certificate encrypted_key inspect pem pem_differential pkcs7 pkcs12 sniff; do
    rm -f "$here/corpus/$target"/seed-*
done

ca() { # name, issuer (none: self-signed)
    openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1.key"
    local by=()
    [ -z "${2-}" ] || by=(-CA "$2.crt" -CAkey "$2.key")
    openssl req -x509 -new -key "$1.key" -subj "/O=Fuzz/CN=$1" -days 9000 -out "$1.crt" "${by[@]}" -config /dev/stdin \
        -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign \
        <<<$'[req]\ndistinguished_name=dn\n[dn]'
}
leaf() { # name, kind of key
    case $2 in
    rsa) quiet openssl genpkey -quiet -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out "$1.key" ;;
    ed25519) openssl genpkey -algorithm ed25519 -out "$1.key" ;;
    *) openssl genpkey -algorithm EC -pkeyopt "ec_paramgen_curve:$2" -out "$1.key" ;;
    esac
    openssl req -x509 -new -key "$1.key" -subj "/CN=$1" -days 9000 -out "$1.crt" -CA branch.crt -CAkey branch.key \
        -config /dev/stdin -addext basicConstraints=critical,CA:FALSE -addext extendedKeyUsage=clientAuth,serverAuth \
        -addext "subjectAltName=DNS:$1.test,URI:spiffe://prod.test/$1,IP:127.0.0.1,email:$1@a.test" \
        -addext "authorityInfoAccess=caIssuers;URI:http://ca.test/branch.crt,OCSP;URI:http://ca.test/ocsp" \
        <<<$'[req]\ndistinguished_name=dn\n[dn]'
}
ca root
ca branch root
leaf alice P-256
leaf bob ed25519
leaf carol rsa
leaf dave P-384
for one in root branch alice bob carol dave; do
    openssl x509 -in "$one.crt" -outform DER -out "$one.der"
    openssl pkey -in "$one.key" -outform DER -out "$one.kder"
done

for one in root branch alice carol; do seed certificate "$one" <"$one.der"; done

for one in alice bob carol dave; do seed encrypted_key "$one" <"$one.kder"; done
openssl ec -in alice.key -outform DER 2>/dev/null | seed encrypted_key sec1
openssl rsa -in carol.key -traditional -outform DER 2>/dev/null | seed encrypted_key pkcs1
seed encrypted_key certificate <alice.der

for target in pem pem_differential; do
    cat alice.crt branch.crt root.crt | seed $target chain
    cat alice.key alice.crt branch.crt | seed $target bundle
    { printf '\xef\xbb\xbf'; sed 's/$/\r/' alice.crt branch.crt; } | seed $target windows
    openssl x509 -in alice.crt -text | seed $target text
    openssl x509 -in alice.crt -trustout -addtrust serverAuth | seed $target trusted
    sed 's/CERTIFICATE/X509 CERTIFICATE/' alice.crt | seed $target old-label
    cat bob.crt alice.crt bob.crt | seed $target repeated
    openssl ecparam -name prime256v1 -genkey | seed $target ec-parameters
    openssl rsa -in carol.key -traditional 2>/dev/null | seed $target pkcs1
    openssl ec -in dave.key 2>/dev/null | seed $target sec1
    cat bob.key | seed $target ed25519
    openssl ec -in alice.key -aes256 -passout pass:fuzz 2>/dev/null | seed $target dek-info
    openssl req -new -key alice.key -subj /CN=x | seed $target request
    openssl pkey -in alice.key -pubout | seed $target public
done

openssl crl2pkcs7 -nocrl -certfile alice.crt -outform DER | seed pkcs7 one
cat root.crt alice.crt branch.crt | openssl crl2pkcs7 -nocrl -certfile /dev/stdin -outform DER | seed pkcs7 three
cat alice.crt branch.crt | openssl crl2pkcs7 -nocrl -certfile /dev/stdin | seed pkcs7 pem
openssl crl2pkcs7 -nocrl -outform DER | seed pkcs7 empty
echo text | quiet openssl smime -sign -signer alice.crt -inkey alice.key -certfile branch.crt -outform DER | seed pkcs7 signed
echo text | quiet openssl cms -encrypt -aes128 -outform DER carol.crt | seed pkcs7 enveloped

# Few rounds, since the fuzzer pays for each.
export_p12() { openssl pkcs12 -export -passout pass:fuzz -iter 2 "$@"; }
safes() { # what the MAC is over
    local at
    at=$(openssl asn1parse -inform DER -in "$1" | grep -m 1 'OCTET STRING' | cut -d: -f1)
    openssl asn1parse -inform DER -in "$1" -strparse "$at" -noout -out /dev/stdout
}
export_p12 -inkey alice.key -in alice.crt -certfile branch.crt -name alice -out modern.p12
export_p12 -inkey bob.key -in bob.crt -keypbe NONE -certpbe NONE -out plain.p12
export_p12 -inkey dave.key -in dave.crt -certfile branch.crt -legacy -out legacy.p12
export_p12 -inkey alice.key -in alice.crt -keypbe PBE-SHA1-3DES -certpbe PBE-SHA1-3DES -macalg sha1 -out 3des.p12
export_p12 -inkey bob.key -in bob.crt -keypbe AES-128-CBC -certpbe AES-256-CBC -macalg sha384 -out aes.p12
export_p12 -inkey bob.key -in bob.crt -nomac -out nomac.p12
export_p12 -nokeys -in root.crt -out anchors.p12
openssl pkcs12 -export -passout pass: -iter 2 -inkey bob.key -in bob.crt -out empty-passphrase.p12
certtool --to-p12 --load-certificate bob.crt --load-privkey bob.key --password fuzz --p12-name bob --outder \
    --outfile certtool.p12 2>/dev/null
keytool -importcert -noprompt -storetype PKCS12 -keystore truststore.p12 -storepass fuzzfuzz -alias root -file root.crt \
    -J-Dkeystore.pkcs12.macIterationCount=2 -J-Dkeystore.pkcs12.certPbeIterationCount=2 2>/dev/null
for one in modern plain legacy 3des aes nomac anchors empty-passphrase certtool truststore; do
    seed pkcs12 "$one" <"$one.p12"
done
for one in modern plain legacy anchors; do safes "$one.p12" | seed pkcs12 "$one-safes"; done

# BER, as OpenSSL writes streams, and NSS and BouncyCastle everything.
cms() { openssl cms -sign -nodetach -in root.crt -signer alice.crt -inkey alice.key -certfile branch.crt -outform DER "$@"; }
ber() { printf '\x30\x80'; tail -c +5; printf '\0\0'; } # of DER of 256 bytes and more
cms -stream | seed ber cms
cms | seed ber der
cms -stream | seed pkcs7 ber
mkdir nss
quiet pk12util -i modern.p12 -d sql:nss -K '' -W fuzz
quiet pk12util -o nss.p12 -n alice -d sql:nss -K '' -W fuzz
quiet keytool -importkeystore -srckeystore modern.p12 -srcstorepass fuzz -destkeystore bouncy-castle.p12 \
    -deststoretype PKCS12 -deststorepass fuzzfuzz -destprovidername BC \
    -providerclass org.bouncycastle.jce.provider.BouncyCastleProvider -providerpath /usr/share/java/bcprov.jar
for one in nss bouncy-castle; do seed ber "$one" <"$one.p12"; done
for one in plain anchors; do
    safes "$one.p12" | ber | seed pkcs12 "$one-ber-safes"
    ber <"$one.p12" | seed pkcs12 "$one-ber"
done

for one in modern plain; do seed sniff "$one.p12" <"$one.p12"; done
cat alice.key alice.crt branch.crt | seed sniff bundle
openssl pkcs8 -topk8 -in bob.key -iter 2 -passout pass:fuzz | cat bob.crt - | seed sniff encrypted-bundle
openssl pkcs8 -topk8 -in bob.key -iter 2 -passout pass:fuzz -outform DER | seed sniff encrypted.der
seed sniff key.der <bob.kder
seed sniff certificate.der <alice.der
cat alice.crt branch.crt | openssl crl2pkcs7 -nocrl -certfile /dev/stdin -outform DER | seed sniff pkcs7
openssl req -new -key alice.key -subj /CN=x -outform DER | seed sniff request
openssl pkey -in alice.key -pubout -outform DER | seed sniff public
ssh-keygen -q -t ed25519 -N '' -C fuzz -f ssh && seed sniff ssh <ssh && seed sniff ssh-public <ssh.pub
keytool -genkeypair -storetype JKS -keystore store.jks -storepass fuzzfuzz -keypass fuzzfuzz -keyalg EC -alias x \
    -dname CN=x 2>/dev/null
seed sniff jks <store.jks
printf '\xff\xfe-\0-\0' | seed sniff utf16
mkdir -p "$here/corpus/inspect"
cp "$here"/corpus/sniff/seed-* "$here/corpus/inspect"
cp "$here/corpus/crl/seed-both" "$here/corpus/inspect/seed-list"
