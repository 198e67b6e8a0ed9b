// `peer client`: makes the calls that stdin names, and prints the error of each.
// `peer server CERT KEY CA COUNT`: so many servers that verify their clients. Their log is stderr,
// with the port of the server before each line.
package main

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"
)

func main() {
	if os.Args[1] == "server" {
		server(os.Args[2:])
		return
	}
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		fields := strings.Split(lines.Text(), "\t")
		if err := call(fields); err != nil {
			// Which of its goroutines sees an alert first is a matter of chance.
			line := strings.Replace(err.Error(), "readLoopPeekFailLocked: ", "", 1)
			fmt.Printf("%s\t%s\n", fields[0], line)
		}
	}
}

func anchors(file string) *x509.CertPool {
	pem, err := os.ReadFile(file)
	if err != nil {
		panic(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(pem)
	return pool
}

func call(fields []string) error {
	url, ca, cert, key, version := fields[1], fields[2], fields[3], fields[4], fields[5]
	limit, err := time.ParseDuration(fields[6] + "s")
	if err != nil {
		return err
	}
	config := &tls.Config{RootCAs: anchors(ca)}
	if cert != "" {
		pair, err := tls.LoadX509KeyPair(cert, key)
		if err != nil {
			return err
		}
		// Always presented, also to a server that asks for other issuers.
		config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			return &pair, nil
		}
	}
	if version == "1.2" {
		config.MaxVersion = tls.VersionTLS12
	}
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, "GET", url, nil)
	if err != nil {
		return err
	}
	transport := &http.Transport{TLSClientConfig: config, DisableKeepAlives: true}
	answer, err := (&http.Client{Transport: transport}).Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	_, err = io.ReadAll(answer.Body)
	return err
}

func server(arguments []string) {
	count, _ := strconv.Atoi(arguments[3])
	ports := "listening"
	for ; count > 0; count-- {
		tcp, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			panic(err)
		}
		port := strconv.Itoa(tcp.Addr().(*net.TCPAddr).Port)
		server := &http.Server{
			ErrorLog: log.New(os.Stderr, port+" ", 0),
			TLSConfig: &tls.Config{
				ClientAuth: tls.RequireAndVerifyClientCert,
				ClientCAs:  anchors(arguments[2]),
			},
		}
		go server.ServeTLS(lingering{tcp}, arguments[0], arguments[1])
		ports += " " + port
	}
	fmt.Println(ports)
	select {}
}

// Closes only after the client has read everything: a reset would take the alert away from it.
type lingering struct{ net.Listener }
type lingeringConn struct{ *net.TCPConn }

func (l lingering) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return lingeringConn{conn.(*net.TCPConn)}, nil
}

func (c lingeringConn) Close() error {
	c.CloseWrite()
	c.SetReadDeadline(time.Now().Add(2 * time.Second))
	io.Copy(io.Discard, c.TCPConn)
	return c.TCPConn.Close()
}
