//! Rows that are written from where their content lies.

use super::{Key, Row, Security};

/// The content of a row, as in [`Row`], where it lies.
#[derive(Clone, Copy, Debug)]
#[expect(missing_docs, reason = "the fields are those of Row and of its key")]
pub struct RowRef<'r> {
    pub aor: &'r [u8],
    pub received: &'r [u8],
    pub received_port: u16,
    pub received_proto: u16,
    pub host: &'r [u8],
    pub port: u16,
    pub protocol: u16,
    pub rinstance: &'r [u8],
    pub path: &'r [u8],
    pub rx_session_id: &'r [u8],
    pub reg_state: u8,
    pub expires: i64,
    pub service_routes: &'r [&'r [u8]],
    pub public_ids: &'r [&'r [u8]],
    pub device: Option<u64>,
    pub security: Option<SecurityRef<'r>>,
    pub security_temp: Option<SecurityRef<'r>>,
}

/// The parameters of [`Security`], in the order of their columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SecurityRef<'r> {
    /// `protocol`, `mode`, `ck`, `ik`, `ealg`, `ialg`.
    pub texts: [&'r [u8]; 6],
    /// `port_pc`, `port_ps`, `port_uc`, `port_us`.
    pub ports: [u16; 4],
    /// `spi_pc`, `spi_ps`, `spi_uc`, `spi_us`.
    pub spis: [u32; 4],
}

impl RowRef<'_> {
    /// A copy, which lives longer than the content.
    pub fn to_row(&self) -> Row {
        Row {
            key: Key {
                aor: self.aor.to_vec(),
                received: self.received.to_vec(),
                received_port: self.received_port,
            },
            received_proto: self.received_proto,
            host: self.host.to_vec(),
            port: self.port,
            protocol: self.protocol,
            rinstance: self.rinstance.to_vec(),
            path: self.path.to_vec(),
            rx_session_id: self.rx_session_id.to_vec(),
            reg_state: self.reg_state,
            expires: self.expires,
            service_routes: self.service_routes.iter().map(|uri| uri.to_vec()).collect(),
            public_ids: self.public_ids.iter().map(|uri| uri.to_vec()).collect(),
            device: self.device,
            security: self.security.map(SecurityRef::into_security),
            security_temp: self.security_temp.map(SecurityRef::into_security),
        }
    }
}

impl SecurityRef<'_> {
    fn into_security(self) -> Security {
        let [protocol, mode, ck, ik, ealg, ialg] = self.texts.map(<[u8]>::to_vec);
        let [port_pc, port_ps, port_uc, port_us] = self.ports;
        let [spi_pc, spi_ps, spi_uc, spi_us] = self.spis;
        Security {
            protocol,
            mode,
            ck,
            ik,
            ealg,
            ialg,
            port_pc,
            port_ps,
            port_uc,
            port_us,
            spi_pc,
            spi_ps,
            spi_uc,
            spi_us,
        }
    }
}

/// The lists of a row, each item where it lies.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the fields are those of Row")]
pub struct Lists<'r> {
    pub service_routes: Vec<&'r [u8]>,
    pub public_ids: Vec<&'r [u8]>,
}

impl Row {
    /// What [`Row::by_ref`] takes.
    pub fn lists(&self) -> Lists<'_> {
        Lists {
            service_routes: self.service_routes.iter().map(Vec::as_slice).collect(),
            public_ids: self.public_ids.iter().map(Vec::as_slice).collect(),
        }
    }

    /// The content where it lies, with the `lists` of this row.
    pub fn by_ref<'r>(&'r self, lists: &'r Lists<'r>) -> RowRef<'r> {
        RowRef {
            aor: &self.key.aor,
            received: &self.key.received,
            received_port: self.key.received_port,
            received_proto: self.received_proto,
            host: &self.host,
            port: self.port,
            protocol: self.protocol,
            rinstance: &self.rinstance,
            path: &self.path,
            rx_session_id: &self.rx_session_id,
            reg_state: self.reg_state,
            expires: self.expires,
            service_routes: &lists.service_routes,
            public_ids: &lists.public_ids,
            device: self.device,
            security: self.security.as_ref().map(Security::by_ref),
            security_temp: self.security_temp.as_ref().map(Security::by_ref),
        }
    }
}

impl Security {
    fn by_ref(&self) -> SecurityRef<'_> {
        SecurityRef {
            texts: [&self.protocol, &self.mode, &self.ck, &self.ik, &self.ealg, &self.ialg],
            ports: [self.port_pc, self.port_ps, self.port_uc, self.port_us],
            spis: [self.spi_pc, self.spi_ps, self.spi_uc, self.spi_us],
        }
    }
}
