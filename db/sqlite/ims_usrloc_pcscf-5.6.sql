-- The contacts of a P-CSCF under the name and with the columns that Kamailio 5.6 to 5.8 have for them.
-- From 6.0 on: ims_usrloc_pcscf.sql. Module ims_usrloc_pcscf works with either; the name of the table is
-- what the functions of the script are given. Module usrloc has another table of this name: they
-- cannot share a database. Needs the table `version`.

CREATE TABLE location (
    id INTEGER PRIMARY KEY NOT NULL,
    -- the name of this table
    domain VARCHAR(64) NOT NULL,
    -- Contact URI of the phone, with its parameters
    aor VARCHAR(255) NOT NULL,
    -- first Via of its REGISTER
    host VARCHAR(100) NOT NULL,
    port INTEGER NOT NULL,
    -- where the REGISTER came from; 1 UDP, 2 TCP, 3 TLS
    received VARCHAR(128) DEFAULT NULL,
    received_port INTEGER DEFAULT NULL,
    received_proto INTEGER DEFAULT NULL,
    path VARCHAR(512) DEFAULT NULL,
    rinstance VARCHAR(255) DEFAULT NULL,
    -- Diameter session of Rx that watches the bearer
    rx_session_id VARCHAR(256) DEFAULT NULL,
    -- 2 registered, 4 pending, 8 pending with Rx session, 32 being de-registered
    reg_state SMALLINT DEFAULT NULL,
    expires TIMESTAMP WITHOUT TIME ZONE DEFAULT '2030-05-28 21:32:15',
    -- <uri><uri>, first hop first
    service_routes VARCHAR(2048) DEFAULT NULL,
    socket VARCHAR(64) DEFAULT NULL,
    public_ids VARCHAR(2048) DEFAULT NULL,
    -- IPsec association in use (1: IPsec); protocol has the transport of the Via without one
    security_type INTEGER DEFAULT NULL,
    protocol INTEGER DEFAULT NULL,
    mode VARCHAR(10) DEFAULT NULL,
    ck VARCHAR(100) DEFAULT NULL,
    ik VARCHAR(100) DEFAULT NULL,
    ealg VARCHAR(20) DEFAULT NULL,
    ialg VARCHAR(20) DEFAULT NULL,
    port_pc INTEGER DEFAULT NULL,
    port_ps INTEGER DEFAULT NULL,
    port_uc INTEGER DEFAULT NULL,
    port_us INTEGER DEFAULT NULL,
    -- an SPI above 2147483647 is stored as the negative number of the same 32 bits
    spi_pc INTEGER DEFAULT NULL,
    spi_ps INTEGER DEFAULT NULL,
    spi_uc INTEGER DEFAULT NULL,
    spi_us INTEGER DEFAULT NULL,
    -- IPsec association that is being set up
    t_security_type INTEGER DEFAULT NULL,
    t_protocol VARCHAR(5) DEFAULT NULL,
    t_mode VARCHAR(10) DEFAULT NULL,
    t_ck VARCHAR(100) DEFAULT NULL,
    t_ik VARCHAR(100) DEFAULT NULL,
    t_ealg VARCHAR(20) DEFAULT NULL,
    t_ialg VARCHAR(20) DEFAULT NULL,
    t_port_pc INTEGER DEFAULT NULL,
    t_port_ps INTEGER DEFAULT NULL,
    t_port_uc INTEGER DEFAULT NULL,
    t_port_us INTEGER DEFAULT NULL,
    t_spi_pc INTEGER DEFAULT NULL,
    t_spi_ps INTEGER DEFAULT NULL,
    t_spi_uc INTEGER DEFAULT NULL,
    t_spi_us INTEGER DEFAULT NULL
);

CREATE INDEX location_aor_idx ON location (aor);
-- For db_mode 3, which looks for contacts by where they were received from and when they end.
CREATE INDEX location_received_idx ON location (received, received_port);
CREATE INDEX location_expires_idx ON location (expires);

INSERT INTO version (table_name, table_version) VALUES ('location', 7);
