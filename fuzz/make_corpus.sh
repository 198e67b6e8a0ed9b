#!/usr/bin/env bash
# Makes the seeds (corpus/*/seed-*) and the certificates that checks.rs knows (fixtures/), all with the openssl command.
# Keys of the CAs are thrown away: whatever chain is accepted afterwards was issued by one run of this script.
set -euo pipefail
cd "$(dirname "$0")"
here=$PWD
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

key() { # name, kind
    case $2 in
    rsa*) openssl genpkey -quiet -algorithm RSA -pkeyopt "rsa_keygen_bits:${2#rsa}" -out "$1.key" 2>/dev/null ;;
    ed*|x*) openssl genpkey -algorithm "$2" -out "$1.key" ;;
    *) openssl genpkey -algorithm EC -pkeyopt "ec_paramgen_curve:$2" -out "$1.key" ;;
    esac
}

root() { # name, kind of key, subject, basicConstraints, then further extensions
    key "$1" "$2"
    local more=() extension
    for extension in "${@:5}"; do more+=(-addext "$extension"); done
    openssl req -x509 -new -key "$1.key" -subj "$3" -days 9000 -out "$1.crt" -config /dev/stdin \
        -addext "basicConstraints=critical,$4" -addext keyUsage=critical,keyCertSign,cRLSign "${more[@]}" <<<$'[req]\ndistinguished_name=dn\n[dn]'
    openssl x509 -in "$1.crt" -outform DER -out "$1.der"
}

issue() { # name, kind of key, issuer, subject, days, one extension a line (none: X.509 v1)
    key "$1" "$2"
    openssl req -new -key "$1.key" -subj "$4" -config /dev/stdin -out "$1.csr" <<<$'[req]\ndistinguished_name=dn\nstring_mask=utf8only\n[dn]'
    local extensions=()
    if [ -n "${6-}" ]; then
        printf '%s\n' "$6" >"$1.ext"
        extensions=(-extfile "$1.ext")
    fi
    openssl x509 -req -in "$1.csr" -CA "$3.crt" -CAkey "$3.key" -days "$5" -out "$1.crt" "${extensions[@]}" 2>/dev/null
    openssl x509 -in "$1.crt" -outform DER -out "$1.der"
}

leaf=$'basicConstraints=critical,CA:FALSE\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n'
ca=$'keyUsage=critical,keyCertSign\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n'

root root P-256 "/O=Fuzz/CN=Root" CA:TRUE
root short P-384 "/CN=Short Root" CA:TRUE,pathlen:0
root old rsa2048 "/CN=RSA Root" CA:TRUE
root eddsa ed25519 "/CN=Ed Root" CA:TRUE
root bounds P-256 "/CN=Bounded Root" CA:TRUE "nameConstraints=critical,permitted;DNS:server.test,excluded;IP:10.0.0.0/255.0.0.0"
root stranger P-256 "/O=Fuzz/CN=Root" CA:TRUE

issue branch P-256 root "/O=Fuzz/CN=Branch" 8000 "${ca}basicConstraints=critical,CA:TRUE,pathlen:0"
issue twig P-384 branch "/CN=Twig" 8000 "${ca}basicConstraints=critical,CA:TRUE"
issue beam rsa2048 old "/CN=Beam" 8000 "${ca}basicConstraints=critical,CA:TRUE"
issue nosign P-256 root "/CN=No Sign" 8000 $'basicConstraints=critical,CA:TRUE\nkeyUsage=critical,digitalSignature'
issue under P-256 short "/CN=Under Short" 8000 "${ca}basicConstraints=critical,CA:TRUE"

client="${leaf}keyUsage=critical,digitalSignature"$'\nextendedKeyUsage=clientAuth\n'
server="${leaf}extendedKeyUsage=serverAuth"$'\n'
issue alice P-256 branch "/CN=alice" 8000 "${client}subjectAltName=DNS:alice.test,URI:spiffe://prod.test/alice"
issue server P-256 branch "/CN=server" 8000 "${server}subjectAltName=DNS:server.test,DNS:*.wild.test,IP:127.0.0.1,IP:::1"
issue both P-384 root "/C=XX/ST=S/L=L/O=O/OU=U/CN=both" 9000 "${leaf}extendedKeyUsage=serverAuth,clientAuth"$'\nsubjectAltName=DNS:SERVER.test,email:a@b.test,URI:https://a.test/b,IP:10.1.2.3'
issue direct P-256 root "/CN=alice" 9000 "${leaf}subjectAltName=DNS:alice.test,DNS:A.b.test,URI:spiffe://prod.test/alice,IP:127.0.0.1,email:a@b.test"
issue deep P-256 twig "/CN=deep" 8000 "${client}subjectAltName=DNS:deep.test"
issue shallow P-256 under "/CN=shallow" 8000 "${client}subjectAltName=DNS:deep.test"
issue unsigned P-256 nosign "/CN=unsigned" 8000 "${client}subjectAltName=DNS:alice.test"
issue rsa rsa2048 beam "/CN=rsa" 8000 "${leaf}subjectAltName=DNS:server.test"
issue eddsa-leaf ed25519 eddsa "/CN=ed" 8000 "${leaf}subjectAltName=URI:spiffe://prod.test/ed"
issue bounded P-256 bounds "/CN=bounded" 8000 "${server}subjectAltName=DNS:server.test"
issue outside P-256 bounds "/CN=outside" 8000 "${server}subjectAltName=DNS:alice.test,IP:10.1.2.3"
issue nameless P-256 root "/CN=server.test" 8000 "$leaf"
issue names P-256 root "/CN=one/CN=two/emailAddress=x@y.test" 8000 "${leaf}subjectAltName=dirName:dn,RID:1.2.3.4,otherName:1.2.3.4;UTF8:hello,DNS:a_b.test"$'\n[dn]\nCN=inner'
issue rare P-256 root "/CN=rare" 8000 "${leaf}nsComment=hello"$'\ncertificatePolicies=1.2.3.4\ncrlDistributionPoints=URI:http://a.test/c\nauthorityInfoAccess=OCSP;URI:http://a.test/o\n1.2.3.4=critical,ASN1:NULL\nsubjectAltName=DNS:alice.test'
issue control P-256 root $'/CN=line\nbreak' 8000 "${leaf}subjectAltName=DNS:alice.test"
issue weak rsa1024 root "/CN=weak" 8000 "${leaf}subjectAltName=DNS:server.test"
issue big P-521 root "/CN=big" 8000 "${leaf}subjectAltName=DNS:server.test"
issue aged P-256 root "/CN=aged" 1 "${leaf}subjectAltName=DNS:server.test"
issue v1 P-256 root "/CN=server.test" 8000
issue v1-rsa rsa2048 old "/CN=my-client" 8000
issue v1-deep P-256 branch "/CN=server.test" 8000
issue forged P-256 stranger "/CN=alice" 8000 "${client}subjectAltName=DNS:alice.test"

mkdir -p "$here/fixtures"
cat alice.der branch.der >"$here/fixtures/chain.der"
cat root.crt short.crt old.crt eddsa.crt bounds.crt >"$here/fixtures/anchors.pem"
leaves="direct alice server both deep shallow unsigned rsa eddsa-leaf bounded outside nameless names rare control weak big aged v1 v1-rsa v1-deep"
for name in $leaves; do cat "$name.der"; done >"$here/fixtures/issued.der"

list() { # name, issuer's key and certificate, days, CRL extensions, certificates to revoke: name[:reason]
    mkdir "$1.ca"
    : >"$1.ca/index"
    echo 01 >"$1.ca/number"
    printf '%s\n' '[ca]' 'default_ca=own' '[own]' "database=$1.ca/index" "crlnumber=$1.ca/number" default_md=sha256 \
        crl_extensions=crl '[crl]' "$4" >"$1.conf"
    local own=(-config "$1.conf" -cert "$2.crt" -keyfile "$2.key") one
    for one in "${@:5}"; do
        openssl ca "${own[@]}" -revoke "${one%:*}.crt" -crl_reason "${one#*:}" 2>/dev/null
    done
    openssl ca "${own[@]}" -gencrl -crldays "$3" -out "$1.crl" 2>/dev/null
    openssl crl -in "$1.crl" -outform DER -out "$1.der"
}

seed() { # target, name: standard input becomes a seed
    mkdir -p "$here/corpus/$1"
    cat >"$here/corpus/$1/seed-$2"
}
ders() { for one in "$@"; do cat "$one.der"; done; }

rm -f "$here"/corpus/*/seed-*

for name in $leaves forged root branch; do ders "$name" | seed peer_identity "$name"; done

for name in $leaves forged root; do ders "$name" | seed verify_chain "alone-$name"; done
for name in alice server; do
    ders "$name" branch | seed verify_chain "$name"
    ders "$name" branch root | seed verify_chain "$name-root"
done
ders alice alice branch branch | seed verify_chain twice
ders alice root branch | seed verify_chain reversed
ders alice stranger old twig under branch | seed verify_chain unrelated
ders deep twig branch | seed verify_chain path-length
ders shallow under | seed verify_chain anchor-path-length
ders unsigned nosign | seed verify_chain no-cert-sign
ders rsa beam | seed verify_chain rsa
ders v1-deep branch | seed verify_chain v1-deep
ders alice server branch | seed verify_chain leaf-as-issuer

cat root.crt | seed trust_anchors one
cat root.crt short.crt stranger.crt | seed trust_anchors three
cat root.crt root.crt | seed trust_anchors twice
openssl x509 -in bounds.crt -text | seed trust_anchors text
openssl x509 -in root.crt -trustout -addtrust serverAuth | seed trust_anchors trusted
ders root | seed trust_anchors der
ders root short eddsa | seed trust_anchors ders
cat v1.crt | seed trust_anchors v1
cat alice.crt | seed trust_anchors leaf
cat alice.crt alice.key | seed trust_anchors key
cat rsa.csr | seed trust_anchors request
{ printf '\xef\xbb\xbf'; sed 's/$/\r/' root.crt; } | seed trust_anchors windows
{ printf %s "$(cat root.crt)"; cat short.crt; } | seed trust_anchors shared-line
sed 's/^/  /' root.crt | seed trust_anchors indented
openssl crl2pkcs7 -nocrl -certfile root.crt | seed trust_anchors pkcs7

bundle() { cat "$@" | seed identity_pem "$(basename "$1" .crt)-bundle"; }
for name in both eddsa-leaf v1 weak root; do bundle "$name.crt" "$name.key"; done
bundle alice.crt branch.crt alice.key
bundle rsa.crt beam.crt old.crt rsa.key
split() { { cat "${@:2}"; printf '\0\n'; cat "$1"; } | seed identity_pem "$(basename "$1" .key)-split"; }
split alice.key alice.crt branch.crt root.crt
split both.key both.crt
split branch.key alice.crt branch.crt
split server.key alice.crt branch.crt
cat alice.key branch.crt alice.crt | seed identity_pem leaf-not-first
cat alice.key server.crt branch.crt | seed identity_pem mismatch
cat alice.crt alice.crt alice.key | seed identity_pem duplicate
cat both.crt both.key alice.key | seed identity_pem second-key
cat alice.crt root.crt alice.key | seed identity_pem gap
{ printf '\xef\xbb\xbf'; sed 's/$/\r/' both.key both.crt; } | seed identity_pem windows
for name in both eddsa-leaf rsa; do openssl pkey -in "$name.key" -outform DER -out "$name.kder"; done
{ ders both; cat both.kder; } | seed identity_pem der
{ ders eddsa-leaf; cat eddsa-leaf.kder; } | seed identity_pem der-ed25519
openssl pkey -in alice.key -outform DER -out alice.kder
{ ders alice branch; cat alice.kder; } | seed identity_pem der-chain
{ ders rsa beam; cat rsa.kder; } | seed identity_pem der-rsa

# The passphrase that checks.rs tries; few rounds, since the fuzzer pays for each.
secret=(-passout pass:fuzz)
for kind in rsa2048 rsa1024 P-256 P-384 P-521 secp256k1 ed25519 ed448 x25519; do
    key "$kind" "$kind"
    cat "$kind.key" | seed private_key "$kind"
    openssl pkey -in "$kind.key" -outform DER | seed private_key "$kind-der"
    openssl pkcs8 -topk8 -in "$kind.key" -v2 aes-256-cbc -iter 2 "${secret[@]}" | seed private_key "$kind-pbes2"
done
openssl pkey -in rsa2048.key -traditional | seed private_key pkcs1
openssl rsa -in rsa2048.key -traditional -outform DER 2>/dev/null | seed private_key pkcs1-der
openssl pkey -in P-256.key -traditional | seed private_key sec1
openssl ec -in P-384.key -outform DER 2>/dev/null | seed private_key sec1-der
openssl ecparam -name prime256v1 -genkey | seed private_key ec-parameters
openssl ecparam -name prime256v1 -genkey -param_enc explicit | seed private_key explicit-curve
openssl ec -in P-256.key -no_public 2>/dev/null | seed private_key sec1-no-public
# ML-DSA in each form of RFC 9881, section 6, put together here, since openssl has it from 3.5 on: ML-DSA-65 by its seed,
# ML-DSA-44 expanded, and both. Random octets have the form of a key.
algorithm='\x30\x0b\x06\x09\x60\x86\x48\x01\x65\x03\x04\x03'
{ printf '\x30\x34\x02\x01\x00'"$algorithm"'\x12\x04\x22\x80\x20'; openssl rand 32; } | seed private_key ml-dsa-seed
{
    printf '\x30\x82\x0a\x18\x02\x01\x00'"$algorithm"'\x11\x04\x82\x0a\x04\x04\x82\x0a\x00'
    openssl rand 2560
} | seed private_key ml-dsa-expanded
{
    printf '\x30\x82\x0a\x3e\x02\x01\x00'"$algorithm"'\x11\x04\x82\x0a\x2a\x30\x82\x0a\x26\x04\x20'
    openssl rand 32
    printf '\x04\x82\x0a\x00'
    openssl rand 2560
} | seed private_key ml-dsa-both
openssl ec -in P-521.key -no_public 2>/dev/null | seed private_key sec1-p521-no-public
for cipher in aes-128-cbc aes-192-cbc des3; do
    openssl pkcs8 -topk8 -in ed25519.key -v2 "$cipher" -iter 2 "${secret[@]}" | seed private_key "pbes2-$cipher"
done
for hash in hmacWithSHA1 hmacWithSHA384 hmacWithSHA512 hmacWithMD5; do
    openssl pkcs8 -topk8 -in ed25519.key -v2prf "$hash" -iter 2 "${secret[@]}" | seed private_key "pbes2-$hash"
done
openssl pkcs8 -topk8 -in ed25519.key -iter 1 -outform DER "${secret[@]}" | seed private_key pbes2-der
openssl pkcs8 -topk8 -in ed25519.key -iter 20000000 "${secret[@]}" | seed private_key costly
openssl pkcs8 -topk8 -in ed25519.key -scrypt -scrypt_N 16 -scrypt_r 1 -scrypt_p 1 "${secret[@]}" | seed private_key scrypt
openssl pkcs8 -topk8 -in ed25519.key -scrypt -scrypt_N 16 -scrypt_r 1 -scrypt_p 1 -outform DER "${secret[@]}" | seed private_key scrypt-der
openssl pkcs8 -topk8 -in ed25519.key -v1 PBE-SHA1-3DES "${secret[@]}" | seed private_key pbes1
openssl pkcs8 -topk8 -in ed25519.key -iter 2 -passout pass:other | seed private_key other-passphrase
for cipher in aes128 aes192 aes256 des3; do
    openssl ec -in P-256.key "-$cipher" "${secret[@]}" 2>/dev/null | seed private_key "legacy-$cipher"
done
openssl rsa -in rsa2048.key -traditional -aes128 "${secret[@]}" 2>/dev/null | seed private_key legacy-rsa
openssl pkcs12 -export -in alice.crt -inkey alice.key -passout pass:fuzz | seed private_key pkcs12
cat alice.crt | seed private_key certificate
ders alice | seed private_key certificate-der

crl_seeds() {
    list plain branch 9000 authorityKeyIdentifier=keyid
    list listed branch 9000 authorityKeyIdentifier=keyid alice:keyCompromise server:superseded
    list listed-ca root 9000 authorityKeyIdentifier=keyid branch:cACompromise
    list by-root root 9000 authorityKeyIdentifier=keyid direct:certificateHold
    list stale branch 1 authorityKeyIdentifier=keyid
    list shard branch 9000 $'issuingDistributionPoint=critical,@point\n[point]\nfullname=URI:http://a.test/c'
    list users branch 9000 $'issuingDistributionPoint=critical,@point\n[point]\nonlyuser=TRUE'
    list cas root 9000 $'issuingDistributionPoint=critical,@point\n[point]\nonlyCA=TRUE'
    list reasons branch 9000 $'issuingDistributionPoint=critical,@point\n[point]\nonlysomereasons=keyCompromise,CACompromise'
    list relative branch 9000 $'issuingDistributionPoint=critical,@point\n[point]\nrelativename=name\n[name]\nCN=shard'
    list indirect branch 9000 $'issuingDistributionPoint=critical,@point\n[point]\nindirectCRL=TRUE'
    list delta branch 9000 2.5.29.27=critical,ASN1:INTEGER:1
    list critical branch 9000 1.2.3.4=critical,ASN1:NULL
    local name
    for name in plain listed listed-ca by-root stale shard users cas reasons relative indirect delta critical; do
        ders "$name" | seed crl "$name"
    done
    ders plain by-root | seed crl both
    ders listed plain by-root | seed crl old-and-new
    cat plain.crl by-root.crl | seed crl pem
    { cat plain.crl; cat root.crt; } | seed crl certificate
}
crl_seeds
# The fixtures and seeds of the differential targets.
"$here/make_chains.sh"
