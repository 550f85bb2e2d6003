-- Columns of our own for tables that were made by a script of Kamailio, or by an earlier one of ours: module ims_usrloc_scscf
-- uses those that it finds. Other modules name the columns that they use, and pass over these.

-- what a contact said of itself: q in thousandths, the CSeq of its REGISTER, the flags of script and branch, the methods that
-- it takes, the socket that it came in at
ALTER TABLE contact ADD COLUMN q INTEGER DEFAULT NULL;
ALTER TABLE contact ADD COLUMN cseq INTEGER DEFAULT NULL;
ALTER TABLE contact ADD COLUMN flags INTEGER DEFAULT NULL;
ALTER TABLE contact ADD COLUMN cflags INTEGER DEFAULT NULL;
ALTER TABLE contact ADD COLUMN methods INTEGER DEFAULT NULL;
ALTER TABLE contact ADD COLUMN socket VARCHAR(128) DEFAULT NULL;
ALTER TABLE contact ADD COLUMN last_modified TIMESTAMP WITHOUT TIME ZONE DEFAULT NULL;
-- over the columns that are not ours, as they were when ours were written: whether another module has written the row since
ALTER TABLE contact ADD COLUMN checksum INTEGER DEFAULT NULL;

-- the domain of an identity, empty for location
ALTER TABLE impu ADD COLUMN domain VARCHAR(64) NOT NULL DEFAULT '';
-- A unique key cannot be dropped from a table of SQLite: for identities in several domains at once make table impu anew with
-- ims_usrloc_scscf.sql and copy its rows.
