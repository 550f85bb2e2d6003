-- The registrations of an S-CSCF under the names that Kamailio has for them before 6.0.3. Later: ims_usrloc_scscf.sql.
-- Module ims_usrloc_scscf works with either. Modules for authentication have another table
-- called subscriber: they cannot share a database with this one. Needs the table `version`.
-- Identities that differ in case only are two.

CREATE TABLE impu (
    id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY NOT NULL,
    -- SIP or tel URI of the public identity
    impu VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    barring INT DEFAULT 0,
    -- 1 registered, -1 not registered but served
    reg_state INT DEFAULT 0,
    -- charging functions
    ccf1 VARCHAR(255) DEFAULT NULL,
    ccf2 VARCHAR(255) DEFAULT NULL,
    ecf1 VARCHAR(255) DEFAULT NULL,
    ecf2 VARCHAR(255) DEFAULT NULL,
    -- the user with all profiles, as the HSS gave them
    ims_subscription_data MEDIUMBLOB,
    -- ours: empty for domain location
    domain VARCHAR(64) NOT NULL DEFAULT '',
    CONSTRAINT impu_impu UNIQUE (impu, domain)
);

INSERT INTO version (table_name, table_version) VALUES ('impu', 6);

CREATE TABLE contact (
    id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY NOT NULL,
    -- Contact URI
    contact VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    -- parameters of the Contact header: name=value;name
    params VARCHAR(1024) DEFAULT NULL,
    path VARCHAR(1024) DEFAULT NULL,
    received VARCHAR(255) DEFAULT NULL,
    user_agent VARCHAR(255) DEFAULT NULL,
    -- 1970: never
    expires DATETIME DEFAULT NULL,
    callid VARCHAR(255) DEFAULT NULL,
    -- ours, from here on; in thousandths
    q INT DEFAULT NULL,
    cseq INT DEFAULT NULL,
    flags INT DEFAULT NULL,
    cflags INT DEFAULT NULL,
    methods INT DEFAULT NULL,
    socket VARCHAR(128) DEFAULT NULL,
    last_modified DATETIME DEFAULT NULL,
    -- over the columns that are not ours, as they were when ours were written
    checksum INT DEFAULT NULL,
    CONSTRAINT contact_contact UNIQUE (contact)
);

INSERT INTO version (table_name, table_version) VALUES ('contact', 6);

-- the contacts of an identity
CREATE TABLE impu_contact (
    id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY NOT NULL,
    impu_id INT NOT NULL,
    contact_id INT NOT NULL,
    CONSTRAINT impu_contact_impu_id UNIQUE (impu_id, contact_id)
);

CREATE INDEX impu_contact_contact_id_idx ON impu_contact (contact_id);

INSERT INTO version (table_name, table_version) VALUES ('impu_contact', 6);

-- subscriptions to the reg event
CREATE TABLE subscriber (
    id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY NOT NULL,
    watcher_uri VARCHAR(255) NOT NULL,
    watcher_contact VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    presentity_uri VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    event INT NOT NULL,
    expires DATETIME NOT NULL,
    -- of the last document
    version INT NOT NULL,
    -- of the last NOTIFY
    local_cseq INT NOT NULL,
    call_id VARCHAR(255) NOT NULL,
    from_tag VARCHAR(128) NOT NULL,
    to_tag VARCHAR(128) NOT NULL,
    record_route TEXT NOT NULL,
    sockinfo_str VARCHAR(128) NOT NULL,
    CONSTRAINT subscriber_contact UNIQUE (event, watcher_contact, presentity_uri)
);

INSERT INTO version (table_name, table_version) VALUES ('subscriber', 6);

-- the watchers of an identity
CREATE TABLE impu_subscriber (
    id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY NOT NULL,
    impu_id INT NOT NULL,
    subscriber_id INT NOT NULL,
    CONSTRAINT impu_subscriber_impu_id UNIQUE (impu_id, subscriber_id)
);

CREATE INDEX impu_subscriber_subscriber_id_idx ON impu_subscriber (subscriber_id);

INSERT INTO version (table_name, table_version) VALUES ('impu_subscriber', 6);
