// What Go says of folders with tls.crt, tls.key and ca.crt, a line for each: as the aggregator of
// kube-apiserver verifies the certificate of a Service, and as a server loads its key.
package main

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

const name = "oppscale.oppscale.svc"

func certificates(text []byte) (all []*x509.Certificate, err error) {
	for {
		var block *pem.Block
		block, text = pem.Decode(text)
		if block == nil {
			return all, nil
		}
		if block.Type != "CERTIFICATE" {
			continue
		}
		one, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
}

func verdict(folder string) error {
	chain, err := os.ReadFile(filepath.Join(folder, "tls.crt"))
	if err != nil {
		return fmt.Errorf("no tls.crt")
	}
	all, err := certificates(chain)
	if err != nil {
		return err
	}
	if len(all) == 0 {
		return fmt.Errorf("no certificate")
	}
	roots, intermediates := x509.NewCertPool(), x509.NewCertPool()
	for _, one := range all[1:] {
		intermediates.AddCert(one)
	}
	bundle, err := os.ReadFile(filepath.Join(folder, "ca.crt"))
	switch {
	case err == nil:
		cas, err := certificates(bundle)
		if err != nil || len(cas) == 0 {
			return fmt.Errorf("unable to load root certificates")
		}
		for _, one := range cas {
			roots.AddCert(one)
		}
	case len(all) > 1:
		roots = intermediates
	}
	options := x509.VerifyOptions{DNSName: name, Roots: roots, Intermediates: intermediates}
	if _, err := all[0].Verify(options); err != nil {
		return err
	}
	key, err := os.ReadFile(filepath.Join(folder, "tls.key"))
	if err != nil {
		return fmt.Errorf("no tls.key")
	}
	_, err = tls.X509KeyPair(chain, key)
	return err
}

func main() {
	for _, folder := range os.Args[1:] {
		text := "OK"
		if err := verdict(folder); err != nil {
			text = strings.Join(strings.Fields(err.Error()), " ")
		}
		fmt.Printf("%s\t%s\n", filepath.Base(folder), text)
	}
}
