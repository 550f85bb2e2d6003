//! What a Kamailio needs to be a client of a node.

use super::{message::Application, node::Node};
use std::net::SocketAddr;

/// The file that `cdp` reads: one peer, which serves every application. The client calls itself
/// `name` in the realm of the node and listens nowhere.
pub fn client_file(name: &str, node: &Node, applications: &[Application]) -> String {
    client_of(name, (node.host(), node.realm(), node.port()), applications)
}

/// As [`client_file`], for a client that knows no peer: it waits at `address` for the node to connect.
pub fn accepting_file(
    name: &str,
    node: &Node,
    applications: &[Application],
    address: SocketAddr,
) -> String {
    let file = client_file(name, node, applications);
    let (before, rest) = file.split_once("<Peer ").expect("a file with a peer");
    let (_, after) = rest.split_once("/>").expect("an element that ends");
    let (ip, port) = (address.ip(), address.port());
    format!("{before}<Acceptor port=\"{port}\" bind=\"{ip}\"/>{after}")
        .replace("AcceptUnknownPeers=\"0\"", "AcceptUnknownPeers=\"1\"")
}

/// As [`client_file`], for a peer with this name, realm and port.
pub fn client_of(
    name: &str,
    (host, realm, port): (&str, &str, u16),
    applications: &[Application],
) -> String {
    let spoken: String = applications
        .iter()
        .flat_map(|spoken| [spoken.vendor, 0].map(|vendor| (spoken.id, vendor)))
        .map(|(id, vendor)| format!("  <Auth id=\"{id}\" vendor=\"{vendor}\"/>\n"))
        .collect();
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <DiameterPeer FQDN=\"{name}\" Realm=\"{realm}\" Vendor_Id=\"10415\"\n  \
         Product_Name=\"cdp\" AcceptUnknownPeers=\"0\" DropUnknownOnDisconnect=\"1\" Tc=\"1\"\n  \
         Workers=\"2\" QueueLength=\"32\" ConnectTimeout=\"5\" TransactionTimeout=\"2\"\n  \
         SessionsHashSize=\"128\" DefaultAuthSessionTimeout=\"3600\"\n  \
         MaxAuthSessionTimeout=\"3600\">\n  \
         <Peer FQDN=\"{host}\" Realm=\"{realm}\" port=\"{port}\"/>\n{spoken}  \
         <DefaultRoute FQDN=\"{host}\" metric=\"10\"/>\n</DiameterPeer>\n"
    )
}
