-- What the lines do: one row for each appearance in use, so that a restart keeps the calls on the
-- lamps. Module sca writes it where the table exists. Needs the table `version`.

CREATE TABLE sca_state (
    id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY NOT NULL,
    -- address of the line, whose case counts, and the number of its appearance from 1 on
    aor VARCHAR(255) BINARY NOT NULL,
    app_idx INT NOT NULL,
    -- 1 seized, 2 progressing, 3 alerting, 4 answered without ACK, 5 active, 6 held,
    -- 7 held in private
    state INT DEFAULT 0 NOT NULL,
    -- what the phones show as the other party
    uri TEXT,
    -- Contact of the phone that uses the appearance, and of the far end
    owner VARCHAR(255) DEFAULT '' NOT NULL,
    callee VARCHAR(255) DEFAULT '' NOT NULL,
    remote_target VARCHAR(255) DEFAULT '' NOT NULL,
    -- the dialog of the call, caller's tag first
    call_id VARCHAR(255) DEFAULT '' NOT NULL,
    from_tag VARCHAR(128) DEFAULT '' NOT NULL,
    to_tag VARCHAR(128) DEFAULT '' NOT NULL,
    -- 1 when the line was called, 0 when it called
    callee_leg INT DEFAULT 0 NOT NULL,
    -- seconds since 1970
    created INT DEFAULT 0 NOT NULL,
    changed INT DEFAULT 0 NOT NULL,
    -- the server that wrote the row
    server_id INT DEFAULT 0 NOT NULL,
    CONSTRAINT sca_state_appearance_idx UNIQUE (server_id, aor, app_idx)
);

CREATE INDEX sca_state_aor_idx ON sca_state (aor);

INSERT INTO version (table_name, table_version) VALUES ('sca_state', 1);
