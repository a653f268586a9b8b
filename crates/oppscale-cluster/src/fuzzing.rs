//! What the fuzz targets of `fuzz/` need beside the public interface.

use std::path::Path;

use crate::ConnectOptions;
use crate::connect::{Connection, Kubeconfig, ProxyEnvironment};
use crate::encoding::Encoding;
use crate::follow::EventReader;

/// Takes a watch in pieces, and looks at every event.
pub fn read_watch<'b>(encoding: Encoding, pieces: impl Iterator<Item = &'b [u8]>) {
    let mut reader = EventReader::new(encoding);
    for piece in pieces {
        for event in reader.push(piece) {
            let _ = event.version();
        }
    }
}

/// Reads a kubeconfig, up to a connection that is not made.
pub fn read_kubeconfig(bytes: &[u8]) {
    let Ok(kubeconfig) = Kubeconfig::parse(bytes.to_vec(), Path::new("dir/config")) else { return };
    let (options, environment) = (ConnectOptions::default(), ProxyEnvironment::default());
    let _ = Connection::new(&kubeconfig, &options, &environment);
}
