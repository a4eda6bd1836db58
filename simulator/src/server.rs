//! The server: connections accepted, kept, and broken where a fault wants it.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::http::{Request, Response, StatusCode};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::{JoinHandle, JoinSet};

use crate::answer::Answer;
use crate::call::Call;
use crate::control;
use crate::exchange::{Outcome, Wire, exchange};
use crate::switches::Switches;
use crate::world::Shared;

/// A running simulator. It stops when it is dropped.
#[derive(Debug)]
pub struct Simulator {
    address: SocketAddr,
    accepting: JoinHandle<()>,
}

impl Simulator {
    /// Starts on a port of the loopback interface; 0 takes a free one.
    ///
    /// # Errors
    ///
    /// As [`Self::bind`].
    pub async fn start(port: u16, switches: Switches) -> io::Result<Self> {
        Self::bind(SocketAddr::from(([127, 0, 0, 1], port)), switches).await
    }

    /// Starts on an address.
    ///
    /// # Errors
    ///
    /// The system's, where the address cannot be listened on.
    pub async fn bind(address: SocketAddr, switches: Switches) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let accepting = tokio::spawn(accept(listener, Arc::new(Shared::new(switches))));
        Ok(Self { address, accepting })
    }

    /// The address to send requests to, without a path.
    pub fn address(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    let control = control::router(Arc::clone(&shared));
    let mut connections = JoinSet::new();
    loop {
        while connections.try_join_next().is_some() {}
        let Ok((stream, _)) = listener.accept().await else {
            // Out of file handles, most likely: wait until some connections have ended.
            tokio::time::sleep(Duration::from_millis(10)).await;
            continue;
        };
        if !shared.lock().is_out(Instant::now()) {
            connections.spawn(serve(stream, Arc::clone(&shared), control.clone()));
        }
    }
}

/// What a request may do to the connection that it came over.
#[derive(Debug, Default)]
struct Line {
    wire: Mutex<Option<Wire>>,
    breaks: Notify,
    /// The last request was to the control API.
    is_control: AtomicBool,
}

impl Line {
    fn break_off(&self, wire: Wire) {
        *self.wire.lock().unwrap_or_else(PoisonError::into_inner) = Some(wire);
        self.breaks.notify_one();
    }

    fn wire(&self) -> Option<Wire> {
        self.wire.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

async fn serve(stream: TcpStream, shared: Arc<Shared>, control: Router) {
    // Without this, answers wait for acknowledgements; the simulator works all the same.
    let _ = stream.set_nodelay(true);
    let line = Arc::new(Line::default());
    let service = {
        let (shared, line) = (Arc::clone(&shared), Arc::clone(&line));
        service_fn(move |request| answer(request, Arc::clone(&shared), Arc::clone(&line), control.clone()))
    };
    let mut connection = http1::Builder::new().timer(TokioTimer::new()).serve_connection(TokioIo::new(stream), service);
    loop {
        let outage_begins = shared.outage_begins.notified();
        tokio::select! {
            _ = &mut connection => return,
            () = line.breaks.notified() => break,
            () = outage_begins => if !line.is_control.load(Ordering::Relaxed) { return },
        }
    }
    let stream = connection.into_parts().io.into_inner();
    if let Some(wire) = line.wire() {
        // The client may be gone already, which is as broken as it can get.
        let _ = break_off(stream, wire).await;
    }
}

async fn break_off(mut stream: TcpStream, wire: Wire) -> io::Result<()> {
    match wire {
        Wire::Reset => stream.set_zero_linger(),
        Wire::Bytes { at_once, one_by_one, pause } => {
            stream.write_all(&at_once).await?;
            for byte in one_by_one {
                tokio::time::sleep(pause).await;
                stream.write_all(&[byte]).await?;
            }
            stream.shutdown().await
        }
    }
}

async fn answer(
    request: Request<Incoming>,
    shared: Arc<Shared>,
    line: Arc<Line>,
    control: Router,
) -> Result<Response<Body>, Infallible> {
    let is_control = request.uri().path().starts_with(control::PREFIX);
    line.is_control.store(is_control, Ordering::Relaxed);
    let request = request.map(Body::new);
    if is_control {
        use hyper::service::Service;
        return TowerToHyperService::new(control).call(request).await;
    }
    if shared.lock().is_out(Instant::now()) {
        line.break_off(Wire::Reset);
        return std::future::pending().await;
    }
    let Some(call) = Call::read(request).await else {
        let status = StatusCode::PAYLOAD_TOO_LARGE;
        return Ok(Answer::web_server_page(status, "Request Entity Too Large").into());
    };
    // A task of its own: the PBX finishes what it was asked to do even if the client leaves.
    match tokio::spawn(exchange(shared, call)).await {
        Ok(Outcome::Answered(answer)) => Ok(answer.into()),
        Ok(Outcome::Broken(wire)) => {
            line.break_off(wire);
            std::future::pending().await
        }
        Err(_) => Ok(Answer::empty(StatusCode::INTERNAL_SERVER_ERROR).into()),
    }
}
