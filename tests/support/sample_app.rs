//! A running `oppscale sample-app`.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::Child;
use std::time::Duration;

use super::bin::{TestEnv, signal};

/// It is ended when this is dropped.
pub struct SampleApp {
    child: Option<Child>,
    pub address: SocketAddr,
}

impl SampleApp {
    /// Starts it at any port, and waits until it is there.
    pub fn start(env: &TestEnv, args: &[&str]) -> Self {
        let all = [&["sample-app", "--listen", "127.0.0.1:0"], args].concat();
        let mut child = env.start(all);
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let line = lines.next().unwrap().unwrap();
        let (_, address) = line.split_once("address=").unwrap();
        let address = address.trim().parse().unwrap();
        // Read on, or it would write into a closed pipe.
        std::thread::spawn(move || lines.map_while(Result::ok).for_each(drop));
        Self { child: Some(child), address }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Status and whole answer of a GET.
    pub fn get(&self, path: &str, headers: &str) -> (u16, String) {
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let request =
            format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{headers}\r\n");
        stream.write_all(request.as_bytes()).unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        let status = text.split(' ').nth(1).unwrap().parse().unwrap();
        (status, text)
    }

    /// How many requests it says that it has served.
    pub fn count(&self) -> u64 {
        let (_, text) = self.get("/metrics", "");
        let line = text.lines().find_map(|line| line.strip_prefix("http_requests_total "));
        line.unwrap().parse().unwrap()
    }

    /// Sends it a signal.
    pub fn signal(&self, name: &str) {
        signal(name, self.child.as_ref().unwrap().id());
    }

    /// Waits for its end.
    pub fn wait(mut self) -> Option<i32> {
        self.child.take().unwrap().wait().unwrap().code()
    }
}

impl Drop for SampleApp {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
