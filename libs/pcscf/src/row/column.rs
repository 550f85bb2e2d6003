//! The columns of the location table.

/// Makes the enum and the names of its members from one list.
macro_rules! columns {
    ($($Column:ident $name:literal),+ $(,)?) => {
        /// A column of the location table.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[expect(missing_docs, reason = "each is named as in the table")]
        pub enum Column { $($Column),+ }

        impl Column {
            /// All columns, in the order of the numbers that [`Column::place`] gives.
            pub const ALL: &'static [Self] = &[$(Self::$Column),+];

            /// The name in the table.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$Column => $name),+ }
            }
        }
    };
}

columns! {
    Id "id",
    Domain "domain",
    Aor "aor",
    Host "host",
    Port "port",
    Protocol "protocol",
    Received "received",
    ReceivedPort "received_port",
    ReceivedProto "received_proto",
    Path "path",
    Rinstance "rinstance",
    RxSessionId "rx_session_id",
    RegState "reg_state",
    Expires "expires",
    ServiceRoutes "service_routes",
    Socket "socket",
    PublicIds "public_ids",
    SecurityType "security_type",
    Mode "mode",
    Ck "ck",
    Ik "ik",
    Ealg "ealg",
    Ialg "ialg",
    PortPc "port_pc",
    PortPs "port_ps",
    PortUc "port_uc",
    PortUs "port_us",
    SpiPc "spi_pc",
    SpiPs "spi_ps",
    SpiUc "spi_uc",
    SpiUs "spi_us",
    TSecurityType "t_security_type",
    TProtocol "t_protocol",
    TMode "t_mode",
    TCk "t_ck",
    TIk "t_ik",
    TEalg "t_ealg",
    TIalg "t_ialg",
    TPortPc "t_port_pc",
    TPortPs "t_port_ps",
    TPortUc "t_port_uc",
    TPortUs "t_port_us",
    TSpiPc "t_spi_pc",
    TSpiPs "t_spi_ps",
    TSpiUc "t_spi_uc",
    TSpiUs "t_spi_us",
}

/// The columns of one security association, in the order of the fields of
/// [`Security`](super::Security), after that of its type.
#[derive(Clone, Copy, Debug)]
pub(super) struct SecurityColumns {
    pub(super) kind: Column,
    pub(super) texts: [Column; 6],
    pub(super) ports: [Column; 4],
    pub(super) spis: [Column; 4],
}

/// The columns of the association in use. The column of its protocol is that of the contact's
/// transport as well.
pub(super) const IN_USE: SecurityColumns = SecurityColumns {
    kind: Column::SecurityType,
    texts: [Column::Protocol, Column::Mode, Column::Ck, Column::Ik, Column::Ealg, Column::Ialg],
    ports: [Column::PortPc, Column::PortPs, Column::PortUc, Column::PortUs],
    spis: [Column::SpiPc, Column::SpiPs, Column::SpiUc, Column::SpiUs],
};

/// The columns of the association that is being set up.
pub(super) const TEMPORARY: SecurityColumns = SecurityColumns {
    kind: Column::TSecurityType,
    texts: [
        Column::TProtocol,
        Column::TMode,
        Column::TCk,
        Column::TIk,
        Column::TEalg,
        Column::TIalg,
    ],
    ports: [Column::TPortPc, Column::TPortPs, Column::TPortUc, Column::TPortUs],
    spis: [Column::TSpiPc, Column::TSpiPs, Column::TSpiUc, Column::TSpiUs],
};

impl Column {
    /// The number of columns.
    pub const COUNT: usize = Self::ALL.len();

    /// The columns without which a contact cannot be stored.
    pub(super) fn is_needed(self) -> bool {
        self.place() < Self::SecurityType.place()
    }

    /// The place of the column in [`Column::ALL`].
    pub const fn place(self) -> usize {
        self as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_column_stands_at_its_place() {
        for (place, column) in Column::ALL.iter().enumerate() {
            assert_eq!(column.place(), place);
        }
        assert_eq!(Column::COUNT, 46);
    }

    #[test]
    fn columns_of_security_differ_by_their_first_letters() {
        let names = |columns: SecurityColumns| {
            let parts = [&columns.texts[..], &columns.ports, &columns.spis].concat();
            parts.into_iter().map(Column::name).collect::<Vec<_>>()
        };
        for (one, other) in names(IN_USE).into_iter().zip(names(TEMPORARY)) {
            assert_eq!(format!("t_{one}"), other);
        }
    }
}
