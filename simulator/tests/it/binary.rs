use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdout, Command, Stdio};

use serde_json::Value;

/// The binary, ended with the test.
struct Running {
    child: Child,
    output: BufReader<ChildStdout>,
}

impl Running {
    fn start(flags: &[&str]) -> Self {
        let mut child =
            Command::new(env!("CARGO_BIN_EXE_threecx-simulator")).args(flags).stdout(Stdio::piped()).spawn().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        Self { child, output }
    }

    fn line(&mut self) -> Value {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test]
async fn it_says_where_it_is_and_takes_switches_as_flags() {
    let flags = ["--port", "0", "--groups", "7", "--expires-in", "60", "--multi-company", "false", "--role", "admin"];
    let mut running = Running::start(&flags);
    let line = running.line();
    assert_eq!(line["pid"], running.child.id());
    let address = format!("{}/_simulator/switches", line["address"].as_str().unwrap());
    let switches: Value = reqwest::get(address).await.unwrap().json().await.unwrap();
    assert_eq!(
        (&switches["groups"], &switches["expires_in"], &switches["multi_company"], &switches["role"]),
        (&7.into(), &60.into(), &false.into(), &"admin".into())
    );
}

#[test]
fn it_ends_when_asked_to() {
    for signal in ["TERM", "INT"] {
        let mut running = Running::start(&[]);
        running.line();
        let pid = running.child.id().to_string();
        assert!(Command::new("kill").args(["-s", signal, &pid]).status().unwrap().success());
        assert!(running.child.wait().unwrap().success(), "{signal}");
    }
}
