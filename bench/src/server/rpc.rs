//! Commands to the server, as JSON-RPC over a datagram socket.

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};
use std::{
    os::unix::net::UnixDatagram,
    path::{Path, PathBuf},
    time::Duration,
};

/// A connection to the JSON-RPC socket of a server.
#[derive(Debug)]
pub(crate) struct Rpc {
    socket: UnixDatagram,
    server: PathBuf,
}

impl Rpc {
    /// Prepares a socket of our own in `folder` for the one at `server`.
    ///
    /// # Errors
    ///
    /// The socket cannot be made.
    pub(crate) fn new(folder: &Path, server: &Path) -> Result<Self> {
        let socket = UnixDatagram::bind(folder.join("client.sock")).context("no client socket")?;
        socket.set_read_timeout(Some(Duration::from_secs(60)))?;
        Ok(Self { socket, server: server.to_owned() })
    }

    /// Calls a command and gives its result; a fault is an error.
    ///
    /// # Errors
    ///
    /// Nobody answers for a minute, or with a fault.
    pub(crate) fn call(&self, method: &str, params: &[&str]) -> Result<Value> {
        let request = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
        self.socket
            .send_to(request.to_string().as_bytes(), &self.server)
            .with_context(|| format!("cannot send {method}"))?;
        let mut buffer = vec![0; 65_536];
        let length =
            self.socket.recv(&mut buffer).with_context(|| format!("no answer to {method}"))?;
        let mut reply: Value = serde_json::from_slice(buffer.get(..length).unwrap_or_default())
            .with_context(|| format!("the answer to {method} is not JSON"))?;
        match reply.get_mut("result") {
            Some(result) => Ok(result.take()),
            None => bail!("{method} fails: {reply}"),
        }
    }

    /// A number in the result of a command.
    ///
    /// # Errors
    ///
    /// As [`Rpc::call`], and a result without that number.
    pub(crate) fn number(&self, method: &str, field: &str) -> Result<u64> {
        let result = self.call(method, &[])?;
        let value = result.get(field).unwrap_or(&Value::Null);
        let number = value.as_u64().or_else(|| value.as_str()?.trim().parse().ok());
        number.with_context(|| format!("{method} gives no {field}: {result}"))
    }
}
