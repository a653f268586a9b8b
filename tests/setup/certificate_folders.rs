//! Folders with certificates and keys of every kind, made with openssl: `certs status` against the
//! verdict of Go, which the aggregator is written in. `tests/fixtures/certificates/verdicts.tsv`
//! has for each folder what Go says (1.19; `tests/support/verdict.go`), and what `certs status`
//! does.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use insta::assert_snapshot;
use serde_json::Value;

use crate::support::bin::TestEnv;
use crate::support::tools::{on_path, tool};

const NAME: &str = "oppscale.oppscale.svc";
const VERDICTS: &str = include_str!("../fixtures/certificates/verdicts.tsv");

const CA: &str = "basicConstraints=critical,CA:TRUE\nkeyUsage=keyCertSign\n";
const LEAF: &str = "subjectAltName=DNS:oppscale.oppscale.svc\n";
/// `openssl ca` is the one command that all versions let choose both dates.
const CONFIG: &str = "\
[ca]\ndefault_ca=d\n[d]\ndatabase=index.txt\nnew_certs_dir=.\nunique_subject=no\nrand_serial=yes\n\
default_md=sha256\npolicy=p\n[p]\ncommonName=supplied\n[req]\ndistinguished_name=n\n[n]\n";

const P256: &str = "ec -pkeyopt ec_paramgen_curve:P-256";

/// A folder in the making.
struct Folder(PathBuf);

/// A certificate to make.
#[derive(Clone)]
struct Order<'a> {
    /// Its files are NAME.key and NAME.crt.
    name: &'a str,
    subject: &'a str,
    issuer: &'a str,
    extensions: String,
    key: &'a str,
    /// Days from now.
    from: i64,
    until: i64,
    options: &'a str,
}

impl Order<'_> {
    fn ca() -> Self {
        Order {
            name: "ca",
            subject: "ca",
            issuer: "ca",
            extensions: CA.to_owned(),
            key: P256,
            from: -2,
            until: 3650,
            options: "",
        }
    }

    fn leaf() -> Self {
        let extensions = LEAF.to_owned();
        Order { name: "tls", subject: "server", until: 365, extensions, ..Order::ca() }
    }
}

impl Folder {
    fn openssl(&self, line: &str) {
        let words = line.split_whitespace();
        let output = Command::new("openssl").args(words).current_dir(&self.0).output().unwrap();
        assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
    }

    fn make(&self, order: &Order<'_>) {
        let Order { name, subject, issuer, key, options, .. } = order;
        let day = |days: i64| {
            let time = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(24 * days);
            time.strftime("%Y%m%d%H%M%SZ").to_string()
        };
        self.write("config", CONFIG);
        self.write("index.txt", "");
        self.write("extensions", &order.extensions);
        self.openssl(&format!(
            "req -config config -newkey {key} -nodes -keyout {name}.key -out {name}.csr \
             -subj /CN={subject}"
        ));
        let by = match issuer == name {
            true => format!("-selfsign -keyfile {name}.key"),
            false => format!("-cert {issuer}.crt -keyfile {issuer}.key"),
        };
        let extensions = if order.extensions.is_empty() { "" } else { "-extfile extensions" };
        self.openssl(&format!(
            "ca -config config -batch -notext -in {name}.csr -out {name}.crt {by} {extensions} \
             -startdate {} -enddate {} {options}",
            day(order.from),
            day(order.until)
        ));
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.0.join(name), text).unwrap();
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.0.join(name)).unwrap()
    }

    fn remove(&self, name: &str) {
        fs::remove_file(self.0.join(name)).unwrap();
    }

    /// A CA and a certificate, as ordered.
    fn pair(&self, change: impl FnOnce(&mut Order<'_>, &mut Order<'_>)) {
        let (mut ca, mut leaf) = (Order::ca(), Order::leaf());
        change(&mut ca, &mut leaf);
        self.make(&ca);
        self.make(&leaf);
    }

    /// A root, an intermediate CA and a certificate, as ordered; tls.crt has the intermediate.
    fn chain(&self, change: impl FnOnce(&mut Order<'_>, &mut Order<'_>)) {
        let mut root = Order::ca();
        let mut middle = Order { name: "middle", subject: "middle", ..Order::ca() };
        change(&mut root, &mut middle);
        self.make(&root);
        self.make(&middle);
        self.make(&Order { issuer: "middle", ..Order::leaf() });
        self.write("tls.crt", &(self.read("tls.crt") + &self.read("middle.crt")));
    }

    /// Replaces the key by one that openssl writes.
    fn key(&self, line: &str) {
        self.openssl(&line.replace("KEY", "tls.key -out new.key"));
        fs::rename(self.0.join("new.key"), self.0.join("tls.key")).unwrap();
    }
}

/// Makes the folder of this name.
#[allow(clippy::too_many_lines)]
fn fill(folder: &Folder, name: &str) {
    let plain = || folder.pair(|_, _| {});
    let kind = |kind: &'static str| folder.pair(|ca, leaf| (ca.key, leaf.key) = (kind, kind));
    let ca = |more: &str| folder.pair(|ca, _| ca.extensions.push_str(more));
    let leaf = |extensions: &str| folder.pair(|_, leaf| leaf.extensions = extensions.to_owned());
    let rsa = || folder.pair(|_, leaf| leaf.key = "rsa:2048");
    match name {
        "good" => plain(),
        "key-missing" => {
            plain();
            folder.remove("tls.key");
        }
        "key-empty" => {
            plain();
            folder.write("tls.key", "");
        }
        "key-garbage" => {
            plain();
            folder.write("tls.key", "swordfish\n");
        }
        "key-garbage-in-pem" => {
            plain();
            folder.write(
                "tls.key",
                "-----BEGIN PRIVATE KEY-----\nc3dvcmRmaXNo\n-----END PRIVATE KEY-----\n",
            );
        }
        "key-cut-off" => {
            plain();
            let key = folder.read("tls.key");
            folder.write("tls.key", &key[..key.len() / 2]);
        }
        "key-der" => {
            plain();
            folder.key("pkey -in KEY -outform DER");
        }
        "key-encrypted-pkcs8" => {
            plain();
            folder.key("pkey -in KEY -aes256 -passout pass:swordfish");
        }
        "key-encrypted-pkcs1" => {
            rsa();
            folder.key("rsa -in KEY -aes256 -traditional -passout pass:swordfish");
        }
        "key-encrypted-sec1" => {
            plain();
            folder.key("ec -in KEY -aes256 -passout pass:swordfish");
        }
        "key-pkcs1" => {
            rsa();
            folder.key("rsa -in KEY -traditional");
        }
        "key-sec1" => {
            plain();
            folder.key("ec -in KEY");
        }
        "key-sec1-with-parameters" => {
            plain();
            folder.key("ec -in KEY");
            folder.openssl("ecparam -name prime256v1 -out parameters");
            folder.write("tls.key", &(folder.read("parameters") + &folder.read("tls.key")));
        }
        "key-sec1-without-public-key" => {
            plain();
            folder.key("ec -in KEY -no_public");
        }
        "key-after-its-certificate" => {
            plain();
            folder.write("tls.key", &(folder.read("tls.crt") + &folder.read("tls.key")));
        }
        "key-foreign-pkcs8" => {
            plain();
            folder
                .openssl(&format!("req -newkey {P256} -nodes -keyout tls.key -out x -subj /CN=x"));
        }
        "key-foreign-pkcs1" => {
            rsa();
            folder.openssl("genrsa -traditional -out tls.key 2048");
        }
        "key-foreign-sec1" => {
            plain();
            folder.openssl("ecparam -name prime256v1 -genkey -noout -out tls.key");
        }
        "key-of-another-kind" => {
            rsa();
            folder.openssl("ecparam -name prime256v1 -genkey -noout -out tls.key");
        }
        "key-of-another-curve" => {
            plain();
            folder.openssl("ecparam -name secp384r1 -genkey -noout -out tls.key");
        }
        "key-of-the-ca" => {
            plain();
            folder.write("tls.key", &folder.read("ca.key"));
        }
        "key-dsa" => {
            plain();
            folder.openssl("dsaparam -genkey -noout -out tls.key 1024");
        }
        "key-x25519" => {
            plain();
            folder.openssl("genpkey -algorithm X25519 -out tls.key");
        }
        "kind-p384" => kind("ec -pkeyopt ec_paramgen_curve:P-384"),
        "kind-p521" => kind("ec -pkeyopt ec_paramgen_curve:P-521"),
        "kind-rsa-1024" => kind("rsa:1024"),
        "kind-rsa-2048" => kind("rsa:2048"),
        "kind-ed25519" => folder.pair(|ca, leaf| {
            (ca.key, leaf.key) = ("ed25519", "ed25519");
            (ca.options, leaf.options) = ("-md null", "-md null");
        }),
        "kind-rsa-pss" => folder.pair(|ca, leaf| {
            ca.key = "rsa:2048";
            leaf.options = "-sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:32";
        }),
        "leaf-outlives-ca" => folder.pair(|ca, _| ca.until = 200),
        "leaf-outlives-ca-that-ends-soon" => folder.pair(|ca, _| ca.until = 20),
        "leaf-expired" => folder.pair(|_, leaf| leaf.until = -1),
        "leaf-not-yet-valid" => folder.pair(|_, leaf| leaf.from = 1),
        "leaf-for-clients" => leaf(&format!("{LEAF}extendedKeyUsage=clientAuth\n")),
        "leaf-for-servers" => leaf(&format!("{LEAF}extendedKeyUsage=serverAuth\n")),
        "leaf-for-anything" => leaf(&format!("{LEAF}extendedKeyUsage=2.5.29.37.0\n")),
        "leaf-for-unknown-usage" => leaf(&format!("{LEAF}extendedKeyUsage=1.2.3.4\n")),
        "leaf-wildcard" => leaf("subjectAltName=DNS:*.OPPSCALE.svc\n"),
        "leaf-wildcard-of-two-labels" => leaf("subjectAltName=DNS:*.svc\n"),
        "leaf-other-name" => leaf("subjectAltName=DNS:oppscale.oppscale\n"),
        "leaf-common-name-only" => folder.pair(|_, leaf| {
            leaf.subject = NAME;
            leaf.extensions = "basicConstraints=CA:FALSE\n".to_owned();
        }),
        "leaf-address-only" => leaf("subjectAltName=IP:10.0.0.1\n"),
        "leaf-unknown-critical-extension" => leaf(&format!("{LEAF}1.2.3.4=critical,DER:0500\n")),
        "leaf-unknown-extension" => leaf(&format!("{LEAF}1.2.3.4=DER:0500\n")),
        "leaf-signed-with-sha1" => folder.pair(|ca, leaf| {
            ca.key = "rsa:2048";
            leaf.options = "-md sha1";
        }),
        "leaf-is-its-own-ca" => {
            folder.make(&Order { issuer: "tls", ..Order::leaf() });
            folder.write("ca.crt", &folder.read("tls.crt"));
        }
        "leaf-is-its-own-ca-without-a-file" => {
            folder.make(&Order { issuer: "tls", ..Order::leaf() });
        }
        "leaf-garbage" => {
            plain();
            folder.write("tls.crt", "swordfish\n");
        }
        "ca-missing" => {
            plain();
            folder.remove("ca.crt");
        }
        "ca-in-the-chain-only" => {
            plain();
            folder.write("tls.crt", &(folder.read("tls.crt") + &folder.read("ca.crt")));
            folder.remove("ca.crt");
        }
        "ca-empty" => {
            plain();
            folder.write("ca.crt", "");
        }
        "ca-garbage" => {
            plain();
            folder.write("ca.crt", "swordfish\n");
        }
        "ca-another-of-the-same-name" => {
            plain();
            folder.make(&Order::ca());
        }
        "ca-old-and-new-of-the-same-name" => {
            folder.make(&Order { until: -1, ..Order::ca() });
            let old = folder.read("ca.crt");
            plain();
            folder.write("ca.crt", &(old + &folder.read("ca.crt")));
        }
        "ca-expired" => folder.pair(|ca, _| ca.until = -1),
        "ca-not-yet-valid" => folder.pair(|ca, _| ca.from = 1),
        "ca-for-clients" => ca("extendedKeyUsage=clientAuth\n"),
        "ca-for-code-signing" => ca("extendedKeyUsage=codeSigning\n"),
        "ca-for-servers" => ca("extendedKeyUsage=serverAuth\n"),
        "ca-for-anything" => ca("extendedKeyUsage=2.5.29.37.0\n"),
        "ca-is-none" => folder.pair(|ca, _| ca.extensions = "basicConstraints=CA:FALSE\n".into()),
        "ca-cannot-sign" => folder.pair(|ca, _| {
            ca.extensions = "basicConstraints=CA:TRUE\nkeyUsage=cRLSign\n".into();
        }),
        "ca-without-constraints" => {
            folder.pair(|ca, _| ca.extensions = "subjectKeyIdentifier=hash\n".into());
        }
        "ca-of-version-1" => folder.pair(|ca, _| ca.extensions.clear()),
        "ca-for-other-names" => ca("nameConstraints=critical,permitted;DNS:example.com\n"),
        "ca-for-this-name" => ca(&format!("nameConstraints=critical,permitted;DNS:{NAME}\n")),
        "ca-for-names-below" => ca(&format!("nameConstraints=permitted;DNS:.{NAME}\n")),
        "ca-excludes-the-name" => ca("nameConstraints=excluded;DNS:svc\n"),
        "ca-for-one-of-two-names" => folder.pair(|ca, leaf| {
            ca.extensions.push_str(&format!("nameConstraints=permitted;DNS:{NAME}\n"));
            leaf.extensions = format!("subjectAltName=DNS:{NAME},DNS:{NAME}.cluster.local\n");
        }),
        "ca-for-other-addresses" => folder.pair(|ca, leaf| {
            ca.extensions.push_str("nameConstraints=permitted;IP:10.0.0.0/255.0.0.0\n");
            leaf.extensions = format!("subjectAltName=DNS:{NAME},IP:192.168.0.1\n");
        }),
        "ca-for-these-addresses" => folder.pair(|ca, leaf| {
            ca.extensions.push_str("nameConstraints=permitted;IP:10.0.0.0/255.0.0.0\n");
            leaf.extensions = format!("subjectAltName=DNS:{NAME},IP:10.1.2.3\n");
        }),
        "ca-unknown-critical-extension" => ca("1.2.3.4=critical,DER:0500\n"),
        "ca-of-path-length-0" => folder.pair(|ca, _| {
            ca.extensions = "basicConstraints=CA:TRUE,pathlen:0\n".into();
        }),
        "chain" => folder.chain(|_, _| {}),
        "chain-without-the-intermediate" => {
            folder.chain(|_, _| {});
            let leaf = folder.read("tls.crt");
            let end = "-----END CERTIFICATE-----\n";
            folder.write("tls.crt", leaf.split_inclusive(end).next().unwrap());
        }
        "chain-to-a-trusted-intermediate" => {
            folder.chain(|_, _| {});
            folder.write("ca.crt", &folder.read("middle.crt"));
        }
        "chain-root-expired" => folder.chain(|root, _| root.until = -1),
        "chain-root-for-clients" => {
            folder.chain(|root, _| root.extensions.push_str("extendedKeyUsage=clientAuth\n"));
        }
        "chain-root-ends-first" => folder.chain(|root, _| root.until = 100),
        "chain-root-of-path-length-0" => folder.chain(|root, _| {
            root.extensions = "basicConstraints=CA:TRUE,pathlen:0\n".into();
        }),
        "chain-root-for-other-names" => folder.chain(|root, _| {
            root.extensions.push_str("nameConstraints=permitted;DNS:example.com\n");
        }),
        "chain-intermediate-expired" => folder.chain(|_, middle| middle.until = -1),
        "chain-intermediate-for-clients" => {
            folder.chain(|_, middle| middle.extensions.push_str("extendedKeyUsage=clientAuth\n"));
        }
        "chain-intermediate-is-no-ca" => {
            folder.chain(|_, middle| middle.extensions = "basicConstraints=CA:FALSE\n".into());
        }
        "chain-intermediate-of-version-1" => folder.chain(|_, middle| middle.extensions.clear()),
        "chain-intermediate-ends-first" => folder.chain(|_, middle| middle.until = 100),
        "chain-of-another-root" => {
            folder.chain(|_, _| {});
            folder.make(&Order::ca());
        }
        other => panic!("no recipe for {other}"),
    }
}

fn names() -> Vec<&'static str> {
    let lines = VERDICTS.lines().filter(|line| !line.starts_with('#'));
    lines.map(|line| line.split('\t').next().unwrap()).collect()
}

/// Go's verdicts, by the order of the names.
fn go_verdicts(env: &TestEnv) -> Vec<String> {
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/verdict.go");
    let output = Command::new("go")
        .arg("run")
        .arg(program)
        .args(names())
        .current_dir(env.path(""))
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    text.lines().map(|line| line.split_once('\t').unwrap().1.to_owned()).collect()
}

#[test]
#[ignore = "slow: builds a program in Go"]
fn every_folder_is_judged_as_go_judges_it() {
    if tool("openssl").is_none() {
        return;
    }
    let env = TestEnv::new();
    for name in names() {
        fs::create_dir(env.path(name)).unwrap();
        fill(&Folder(env.path(name)), name);
    }
    let go = on_path("go").map(|_| go_verdicts(&env));
    let mut actual = String::new();
    let mut disagreements = Vec::new();
    for (at, line) in VERDICTS.lines().filter(|line| !line.starts_with('#')).enumerate() {
        let (name, rest) = line.split_once('\t').unwrap();
        let recorded = rest.split('\t').next().unwrap();
        let verdict = go.as_ref().map_or(recorded, |verdicts| verdicts[at].as_str());
        let verdict = without_times(verdict);
        let output = env.run(["certs", "status", "-f", name, "-o", "json"]);
        let json: Value = serde_json::from_str(&output.stdout).unwrap_or_default();
        let texts = |key: &str, field: Option<&str>| {
            let list = json[key].as_array().cloned().unwrap_or_default();
            let text =
                |one: &Value| field.map_or(one, |field| &one[field]).as_str().unwrap().to_owned();
            list.iter().map(text).collect::<Vec<_>>()
        };
        let (flaws, warnings) = (texts("flaws", Some("problem")), texts("warnings", None));
        let ours = match (flaws.first(), warnings.first()) {
            (Some(flaw), _) => format!("rejected: {flaw}"),
            (None, Some(warning)) => format!("warning: {warning}"),
            (None, None) => "good".to_owned(),
        };
        if (verdict == "OK") != flaws.is_empty() {
            disagreements.push(format!("{name}: Go says {verdict}, certs status {ours}"));
        }
        // An end within 60 days is no good, although Go accepts it until then.
        let is_soon = name.ends_with("-soon");
        assert_eq!(output.code, Some(i32::from(!flaws.is_empty() || is_soon)), "{name}: {output}");
        actual.push_str(&format!("{name}\t{verdict}\t{}\n", without_times(&ours)));
    }
    assert!(disagreements.is_empty(), "{}", disagreements.join("\n"));
    let expected: String =
        VERDICTS.split_inclusive('\n').filter(|line| !line.starts_with('#')).collect();
    if std::env::var_os("OPPSCALE_REGENERATE").is_some() {
        let head: String =
            VERDICTS.split_inclusive('\n').filter(|line| line.starts_with('#')).collect();
        let path = "tests/fixtures/certificates/verdicts.tsv";
        fs::write(Path::new(env!("CARGO_MANIFEST_DIR")).join(path), head + &actual).unwrap();
    } else {
        assert_eq!(actual, expected);
    }
}

/// The text with `TIME` for each time.
fn without_times(text: &str) -> String {
    let words: Vec<_> = text
        .split(' ')
        .map(|word| {
            let is_date = word.len() >= 10 && word.starts_with("20") && word.contains('-');
            let is_clock = word.len() == 5 && word.as_bytes()[2] == b':';
            if is_date || is_clock { "TIME" } else { word }
        })
        .collect();
    words.join(" ")
}

#[test]
fn a_ca_key_of_every_form_signs_and_an_encrypted_one_is_named_with_its_command() {
    if tool("openssl").is_none() {
        return;
    }
    let env = TestEnv::new();
    let folder = Folder(env.path(""));
    let generate =
        ["certs", "generate", "--force", "--output-dir", "d", "--ca-cert", "ca.crt", "--ca-key"];
    let signs = |key: &str| {
        let output = env.run([&generate[..], &[key]].concat());
        assert_eq!(output.code, Some(0), "{key}: {output}");
        let status = env.run(["certs", "status", "-f", "d"]);
        assert_eq!(status.code, Some(0), "{key}: {status}");
    };
    folder.make(&Order { key: "rsa:2048", ..Order::ca() });
    folder.openssl("rsa -in ca.key -traditional -out pkcs1.key");
    signs("ca.key");
    signs("pkcs1.key");
    folder.openssl("rsa -in ca.key -aes256 -traditional -passout pass:x -out locked1.key");
    folder.make(&Order::ca());
    folder.openssl("ec -in ca.key -out sec1.key");
    folder.openssl("pkey -in ca.key -aes256 -passout pass:x -out locked.key");
    signs("ca.key");
    signs("sec1.key");
    assert_snapshot!(env.run([&generate[..], &["locked.key"]].concat()), @"
    ------- stderr -------
    error: locked.key: the private key is encrypted with a passphrase
     hint: openssl pkey -in locked.key -out locked.key.open
    [EOF]
    [exit status: 1]
    ");
    let output = env.run([&generate[..], &["locked1.key"]].concat());
    assert!(output.stderr.contains("is encrypted"), "{output}");
    // The command does it.
    folder.openssl("pkey -in locked.key -passin pass:x -out locked.key.open");
    signs("locked.key.open");
    for (key, sentence) in [
        ("ca.crt", "the private key is not PEM (-----BEGIN PRIVATE KEY-----)"),
        ("config", "the private key is not PEM (-----BEGIN PRIVATE KEY-----)"),
        ("pkcs1.key", "its key does not belong to the certificate"),
    ] {
        let output = env.run([&generate[..], &[key]].concat());
        assert!(output.stderr.contains(sentence), "{key}: {output}");
        assert_eq!(output.code, Some(1));
    }
    folder.make(&Order { key: "ec -pkeyopt ec_paramgen_curve:P-521", ..Order::ca() });
    let output = env.run([&generate[..], &["ca.key"]].concat());
    assert!(output.stderr.contains("does not sign with a key of ECDSA P-521"), "{output}");
}
