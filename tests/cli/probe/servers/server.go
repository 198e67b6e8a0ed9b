// A TLS server that requires a client certificate: server PORT IDENTITY FOLDER FINDS
package main

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"os"
	"time"
)

func main() {
	port, identity, folder, finds := os.Args[1], os.Args[2], os.Args[3], os.Args[4]
	pair, err := tls.LoadX509KeyPair(folder+"/"+identity+".crt", folder+"/"+identity+".key")
	if err != nil {
		panic(err)
	}
	pem, err := os.ReadFile(folder + "/ca.crt")
	if err != nil {
		panic(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(pem)
	config := &tls.Config{
		Certificates: []tls.Certificate{pair},
		ClientAuth:   tls.RequireAndVerifyClientCert,
		ClientCAs:    pool,
	}
	if finds == "WrongName" {
		config.VerifyPeerCertificate = func(_ [][]byte, chains [][]*x509.Certificate) error {
			if chains[0][0].Subject.CommonName != "alice" {
				return errors.New("not alice")
			}
			return nil
		}
	}
	listener, err := net.Listen("tcp", "127.0.0.1:"+port)
	if err != nil {
		panic(err)
	}
	for {
		socket, err := listener.Accept()
		if err != nil {
			panic(err)
		}
		go func() {
			defer socket.Close()
			socket.SetDeadline(time.Now().Add(10 * time.Second))
			stream := tls.Server(socket, config)
			if stream.Handshake() == nil {
				stream.Read(make([]byte, 1))
			}
		}()
	}
}
