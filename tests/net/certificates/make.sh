#!/bin/sh
# Makes the certificates and keys beside this file, with OpenSSL 3: good from 2020 to 2119 unless meant otherwise.
set -eu
cd "$(dirname "$0")"
rm -f ./*.pem ./*.key
work=$(mktemp -d)
export work
trap 'rm -r "$work"' EXIT
: >"$work/index"
cat >"$work/config" <<'END'
[ca]
default_ca = test
[test]
database = $ENV::work/index
new_certs_dir = $ENV::work
rand_serial = yes
default_md = default
policy = any
unique_subject = no
[any]
commonName = supplied
[req]
distinguished_name = nothing
[nothing]
[authority]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign
[server]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
subjectAltName = DNS:mx.test.ru, DNS:*.wild.test.ru, IP:127.0.0.1, IP:::1
[odd]
basicConstraints = critical, CA:FALSE
extendedKeyUsage = serverAuth
subjectAltName = @odd_names
[odd_names]
DNS.1 = a\"b
URI.1 = http://a/, DNS:mx.test.ru
[nameless]
basicConstraints = critical, CA:FALSE
END

# certify NAME COMMON-NAME EXTENSIONS YEARS SIGNER: a certificate for NAME.key, by SIGNER.key.
certify() {
  openssl req -new -config "$work/config" -key "$1.key" -subj "/CN=$2" -out "$work/$1.csr"
  if [ "$5" = "$1" ]; then by=-selfsign; else by="-cert $5.pem"; fi
  # shellcheck disable=SC2086
  openssl ca -batch -notext -config "$work/config" -extensions "$3" \
    -startdate "${4%-*}0101000000Z" -enddate "${4#*-}0101000000Z" \
    $by -keyfile "$5.key" -in "$work/$1.csr" -out "$1.pem" 2>"$work/log" || cat "$work/log"
}

for name in authority mx expired future nameless odd self_signed; do
  openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$name.key"
done
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-384 -out p384.key
openssl genpkey -algorithm ED25519 -out ed25519.key
openssl genpkey -algorithm ED448 -out ed448.key
openssl genpkey -quiet -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out rsa.key
openssl genpkey -quiet -algorithm RSA -pkeyopt rsa_keygen_bits:1024 -out weak.key

certify authority "smtpd test authority" authority 2020-2119 authority
certify mx mx.test.ru server 2020-2119 authority
certify expired mx.test.ru server 2020-2021 authority
certify future mx.test.ru server 2118-2119 authority
certify nameless mx.test.ru nameless 2020-2119 authority
certify odd mx.test.ru odd 2020-2119 authority
certify self_signed mx.test.ru server 2020-2119 self_signed
certify weak mx.test.ru server 2020-2119 authority
for name in p384 ed25519 ed448 rsa; do
  certify "$name" mx.test.ru nameless 2020-2119 "$name"
done
rm authority.key
