//! Starts the simulator and says where it is, in one line of JSON.

use std::io::{self, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use clap::Parser;
use serde_json::json;
use threecx_simulator::{Simulator, Switches};
use tokio::signal::unix::{SignalKind, signal};

/// A simulated 3CX configuration API (XAPI).
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    /// Port to listen on; 0 takes a free one.
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// Address to listen on.
    #[arg(long, default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    host: IpAddr,
    #[command(flatten)]
    switches: Switches,
}

#[tokio::main]
async fn main() -> io::Result<()> {
    let arguments = Arguments::parse();
    let mut terminated = signal(SignalKind::terminate())?;
    let mut interrupted = signal(SignalKind::interrupt())?;
    let address = SocketAddr::new(arguments.host, arguments.port);
    let simulator = Simulator::bind(address, arguments.switches).await?;
    let ready = json!({"address": simulator.address(), "pid": std::process::id()});
    writeln!(io::stdout(), "{ready}")?;
    tokio::select! {
        _ = terminated.recv() => Ok(()),
        _ = interrupted.recv() => Ok(()),
    }
}
