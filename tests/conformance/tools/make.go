package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"os"
	"time"
)

func try[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

func write(file, label string, der []byte) {
	block := &pem.Block{Type: label, Bytes: der}
	if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
		panic(err)
	}
}

func newKey(name string) *ecdsa.PrivateKey {
	key := try(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	write(name+".key", "PRIVATE KEY", try(x509.MarshalPKCS8PrivateKey(key)))
	return key
}

func main() {
	now := time.Now()
	caKey := newKey("ca")
	ca := &x509.Certificate{
		SerialNumber:          big.NewInt(1),
		Subject:               pkix.Name{Organization: []string{"Acme Co"}},
		NotBefore:             now,
		NotAfter:              now.AddDate(10, 0, 0),
		IsCA:                  true,
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature | x509.KeyUsageCRLSign,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
		BasicConstraintsValid: true,
	}
	ca = try(x509.ParseCertificate(try(x509.CreateCertificate(rand.Reader, ca, ca, &caKey.PublicKey, caKey))))
	write("ca.crt", "CERTIFICATE", ca.Raw)
	var revoked []pkix.RevokedCertificate
	for i, name := range []string{"leaf", "revoked"} {
		key := newKey(name)
		leaf := &x509.Certificate{
			SerialNumber: big.NewInt(int64(i + 2)),
			DNSNames:     []string{"server.test"},
			NotBefore:    now,
			NotAfter:     now.AddDate(0, 3, 0),
			KeyUsage:     x509.KeyUsageDigitalSignature,
			ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
		}
		write(name+".crt", "CERTIFICATE", try(x509.CreateCertificate(rand.Reader, leaf, ca, &key.PublicKey, caKey)))
		if name == "revoked" {
			revoked = append(revoked, pkix.RevokedCertificate{SerialNumber: leaf.SerialNumber, RevocationTime: now})
		}
	}
	write("without_number.crl", "X509 CRL", try(ca.CreateCRL(rand.Reader, caKey, revoked, now, now.AddDate(0, 0, 7))))
	list := &x509.RevocationList{Number: big.NewInt(1), RevokedCertificates: revoked, ThisUpdate: now, NextUpdate: now.AddDate(0, 0, 7)}
	write("with_number.crl", "X509 CRL", try(x509.CreateRevocationList(rand.Reader, list, ca, caKey)))
}
