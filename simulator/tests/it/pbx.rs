//! A simulator in this process, and short ways to talk to it.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use reqwest::{Client, Method, Response, StatusCode};
use serde_json::{Value, json};
use threecx_simulator::{Simulator, Switches};
use tokio::task::JoinHandle;

pub(crate) const KEY: &str = "8SGW-AAAA-1111-ZZZZ";
pub(crate) const OTHER_KEY: &str = "8SGW-BBBB-2222-YYYY";
pub(crate) const REPLACE: &str = "/xapi/v1/Groups/Pbx.ReplaceGroupLicenseKey";

pub(crate) struct Pbx {
    pub(crate) address: String,
    pub(crate) client: Client,
    _simulator: Simulator,
}

impl Pbx {
    pub(crate) async fn start() -> Self {
        Self::with(Switches::default()).await
    }

    pub(crate) async fn with(switches: Switches) -> Self {
        let simulator = Simulator::start(0, switches).await.unwrap();
        let client = Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        Self { address: simulator.address(), client, _simulator: simulator }
    }

    /// A simulator with some switches changed over the control API.
    pub(crate) async fn switched(change: Value) -> Self {
        let pbx = Self::start().await;
        pbx.switch(change).await;
        pbx
    }

    pub(crate) async fn switch(&self, change: Value) {
        let answer = self.send(Method::PATCH, "/_simulator/switches", "", Some(change)).await;
        assert_eq!(answer.status(), StatusCode::OK);
    }

    pub(crate) async fn faults(&self, faults: Value) {
        let body = json!({"faults": faults});
        let answer = self.send(Method::POST, "/_simulator/faults", "", Some(body)).await;
        let status = answer.status();
        assert_eq!(status, StatusCode::NO_CONTENT, "{}", answer.text().await.unwrap());
    }

    /// A log-in with any credentials.
    pub(crate) async fn log_in(&self, id: &str, secret: &str) -> Response {
        let form = [("client_id", id), ("client_secret", secret), ("grant_type", "client_credentials")];
        let address = format!("{}/connect/token", self.address);
        self.client.post(address).form(&form).send().await.unwrap()
    }

    /// A token for the right credentials.
    pub(crate) async fn token(&self) -> String {
        let answer = self.log_in("n8n", "simulator-secret").await;
        let body: Value = answer.json().await.unwrap();
        body["access_token"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn try_send(
        &self,
        method: Method,
        path: &str,
        token: &str,
        body: Option<Value>,
    ) -> reqwest::Result<Response> {
        let mut request = self.client.request(method, format!("{}{path}", self.address));
        if !token.is_empty() {
            request = request.bearer_auth(token);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        request.send().await
    }

    pub(crate) async fn send(&self, method: Method, path: &str, token: &str, body: Option<Value>) -> Response {
        self.try_send(method, path, token, body).await.unwrap()
    }

    pub(crate) async fn get(&self, path: &str, token: &str) -> Response {
        self.send(Method::GET, path, token, None).await
    }

    pub(crate) async fn get_json(&self, path: &str, token: &str) -> Value {
        let answer = self.get(path, token).await;
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        answer.json().await.unwrap()
    }

    /// The message of a refusal in the API's envelope.
    pub(crate) async fn refusal(&self, path: &str, token: &str) -> String {
        message(self.get(path, token).await).await
    }

    pub(crate) async fn replace(&self, token: &str, group: &str, key: &str) -> Response {
        let body = json!({"groupId": group, "licenseKey": key});
        self.send(Method::POST, REPLACE, token, Some(body)).await
    }

    pub(crate) async fn log(&self) -> Value {
        self.get_json("/_simulator/log", "").await
    }

    /// Waits until a request to a path has arrived.
    pub(crate) async fn until_asked(&self, path: &str) {
        let asked = async || self.log().await["requests"].as_array().unwrap().iter().any(|row| row["path"] == path);
        until(asked).await;
    }

    /// Sends a replacement from a client that can leave before the answer.
    pub(crate) fn replacement_under_way(&self, token: &str, group: &str) -> JoinHandle<reqwest::Result<Response>> {
        let body = json!({"groupId": group, "licenseKey": KEY});
        let request = self.client.post(format!("{}{REPLACE}", self.address)).bearer_auth(token).json(&body);
        tokio::spawn(request.send())
    }

    pub(crate) async fn ledger(&self) -> Value {
        self.get_json("/_simulator/ledger", "").await["applied"].clone()
    }

    /// Sends a request by hand and gives back all that comes before the connection ends.
    pub(crate) async fn raw(&self, request: String) -> (Vec<u8>, Option<std::io::ErrorKind>) {
        let host = self.address.trim_start_matches("http://").to_owned();
        let exchange = move || {
            let mut stream = TcpStream::connect(host).unwrap();
            stream.write_all(request.as_bytes()).unwrap();
            let mut bytes = Vec::new();
            let error = stream.read_to_end(&mut bytes).err().map(|error| error.kind());
            (bytes, error)
        };
        tokio::task::spawn_blocking(exchange).await.unwrap()
    }
}

/// Waits for a condition; a minute is far more than any of them takes.
pub(crate) async fn until(is_so: impl AsyncFn() -> bool) {
    let wait = async {
        while !is_so().await {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), wait).await.unwrap();
}

/// The message of a 400 in the API's envelope; its details must say the same.
pub(crate) async fn message(answer: Response) -> String {
    assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
    let body: Value = answer.json().await.unwrap();
    let message = body["error"]["message"].as_str().unwrap().to_owned();
    if let Some(detail) = body["error"]["details"].get(0) {
        let (target, code) = (detail["target"].as_str().unwrap(), detail["message"].as_str().unwrap());
        assert_eq!(message, format!("{target}:\n{code}"));
    }
    message
}

/// A replacement as raw HTTP.
pub(crate) fn raw_replacement(token: &str, group: &str) -> String {
    let body = json!({"groupId": group, "licenseKey": KEY}).to_string();
    format!(
        "POST {REPLACE} HTTP/1.1\r\nHost: pbx\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// Reading something as raw HTTP.
pub(crate) fn raw_get(path: &str, token: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: pbx\r\nAuthorization: Bearer {token}\r\n\r\n")
}
