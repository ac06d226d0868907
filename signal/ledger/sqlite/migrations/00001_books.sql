-- Bytes are bytes, amounts µ-credits, times Unix milliseconds. Accounts of people
-- are the 16 bytes of their id, works the 20 bytes of their infohash.

-- +goose Up
CREATE TABLE setting (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;

CREATE TABLE person (
    account    BLOB PRIMARY KEY CHECK (length(account) = 16),
    public_key BLOB NOT NULL UNIQUE CHECK (length(public_key) = 32),
    registered INTEGER NOT NULL
) STRICT;

CREATE TABLE work (
    infohash     BLOB PRIMARY KEY CHECK (length(infohash) = 20),
    ticket_hash  BLOB NOT NULL UNIQUE CHECK (length(ticket_hash) = 32),
    name         TEXT NOT NULL,
    length       INTEGER NOT NULL CHECK (length >= 0),
    piece_length INTEGER NOT NULL CHECK (piece_length > 0),
    files        INTEGER NOT NULL CHECK (files > 0),
    leaves       INTEGER NOT NULL CHECK (leaves >= 0),
    weak         INTEGER NOT NULL CHECK (weak IN (0, 1)),
    common       INTEGER NOT NULL CHECK (common IN (0, 1)),
    publisher    BLOB NOT NULL REFERENCES person,
    published    INTEGER NOT NULL,
    removed      INTEGER NOT NULL DEFAULT 0 CHECK (removed IN (0, 1))
) STRICT;
CREATE INDEX work_newest ON work (removed, published, infohash);

CREATE TABLE torrent (
    infohash BLOB PRIMARY KEY REFERENCES work,
    bytes    BLOB NOT NULL
) STRICT;

CREATE TABLE ticket (
    id         INTEGER PRIMARY KEY,
    serial     BLOB NOT NULL UNIQUE CHECK (length(serial) = 16),
    epoch      INTEGER NOT NULL,
    seeder     BLOB NOT NULL REFERENCES person,
    leecher    BLOB NOT NULL REFERENCES person,
    work       BLOB NOT NULL REFERENCES work,
    channel    BLOB NOT NULL CHECK (length(channel) = 32),
    byte_limit INTEGER NOT NULL CHECK (byte_limit >= 0),
    issued     INTEGER NOT NULL,
    expires    INTEGER NOT NULL,
    settle_by  INTEGER NOT NULL,
    flags      INTEGER NOT NULL,
    signature  BLOB NOT NULL CHECK (length(signature) = 64)
) STRICT;
CREATE INDEX ticket_newest ON ticket (seeder, id);

CREATE INDEX ticket_epoch ON ticket (epoch, leecher);

-- Each accepted receipt that says more than the one before, numbered as they were
-- accepted. amount is cumulative, credited what of the increase counts, epoch the
-- one in which it counts. Without the salt nobody finds it in the public log.
CREATE TABLE increase (
    id        INTEGER PRIMARY KEY,
    ticket    INTEGER NOT NULL REFERENCES ticket,
    amount    INTEGER NOT NULL CHECK (amount > 0),
    credited  INTEGER NOT NULL CHECK (credited BETWEEN 0 AND amount),
    epoch     INTEGER NOT NULL,
    reason    TEXT NOT NULL,
    signature BLOB NOT NULL CHECK (length(signature) = 64),
    time      INTEGER NOT NULL,
    salt      BLOB NOT NULL CHECK (length(salt) = 16),
    UNIQUE (ticket, amount)
) STRICT;

-- Sums of increase, written with it.
CREATE TABLE credit (
    epoch   INTEGER NOT NULL,
    seeder  BLOB NOT NULL,
    work    BLOB NOT NULL,
    leecher BLOB NOT NULL,
    bytes   INTEGER NOT NULL CHECK (bytes >= 0),
    capped  INTEGER NOT NULL CHECK (capped IN (0, 1)),
    PRIMARY KEY (epoch, seeder, work, leecher)
) STRICT, WITHOUT ROWID;
CREATE INDEX increase_epoch ON increase (epoch);
CREATE INDEX credit_seeder ON credit (seeder, epoch);

-- In which network an account was first seen in an epoch.
CREATE TABLE presence (
    account BLOB NOT NULL REFERENCES person,
    epoch   INTEGER NOT NULL,
    net     BLOB NOT NULL CHECK (length(net) = 8),
    PRIMARY KEY (account, epoch)
) STRICT, WITHOUT ROWID;

-- For how long an account seeded a work in an epoch, and how its storage proofs ended.
CREATE TABLE stay (
    epoch   INTEGER NOT NULL,
    account BLOB NOT NULL REFERENCES person,
    work    BLOB NOT NULL REFERENCES work,
    minutes INTEGER NOT NULL CHECK (minutes >= 0),
    asked   INTEGER NOT NULL CHECK (asked >= 0),
    passed  INTEGER NOT NULL CHECK (passed BETWEEN 0 AND asked),
    PRIMARY KEY (epoch, account, work)
) STRICT, WITHOUT ROWID;
CREATE INDEX stay_account ON stay (account, work);

-- Which lists of stays were taken, so that one that comes again adds nothing. Those of closed epochs would be refused anyway.
CREATE TABLE told (
    id    BLOB PRIMARY KEY CHECK (length(id) = 16),
    epoch INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What is credited of each copy. A batch is about few works and many leechers: their rows lie together.
CREATE TABLE copy (
    work    BLOB NOT NULL,
    leecher BLOB NOT NULL,
    bytes   INTEGER NOT NULL CHECK (bytes >= 0),
    PRIMARY KEY (work, leecher)
) STRICT, WITHOUT ROWID;

CREATE TABLE refused (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    account BLOB NOT NULL REFERENCES person,
    known   INTEGER NOT NULL CHECK (known IN (0, 1)),
    serial  BLOB NOT NULL,
    amount  INTEGER NOT NULL,
    reason  TEXT NOT NULL,
    time    INTEGER NOT NULL
) STRICT;
CREATE INDEX refused_newest ON refused (account, known, id);

-- The tables of epochs, by their SHA-256.
CREATE TABLE log_table (
    hash  BLOB PRIMARY KEY CHECK (length(hash) = 32),
    bytes BLOB NOT NULL
) STRICT;

-- Closed epochs, with their tables: what each was computed from and what it pays, as anybody can compute it again;
-- and the record that the public log has of them.
CREATE TABLE epoch (
    number  INTEGER PRIMARY KEY,
    bytes   INTEGER NOT NULL CHECK (bytes >= 0),
    paid    INTEGER NOT NULL CHECK (paid >= 0),
    closed  INTEGER NOT NULL,
    inputs  BLOB NOT NULL REFERENCES log_table,
    payouts BLOB NOT NULL REFERENCES log_table,
    record  BLOB NOT NULL CHECK (length(record) <= 4096)
) STRICT;

-- An epoch's pay, line by line. source is a pool or a boost; all zero is none, and so is the work of a grant.
CREATE TABLE pay (
    account BLOB NOT NULL REFERENCES person,
    epoch   INTEGER NOT NULL REFERENCES epoch,
    kind    TEXT NOT NULL,
    work    BLOB NOT NULL CHECK (length(work) = 20),
    source  BLOB NOT NULL CHECK (length(source) = 16),
    basis   INTEGER NOT NULL CHECK (basis >= 0),
    counted INTEGER NOT NULL CHECK (counted >= 0),
    weight  INTEGER NOT NULL CHECK (weight >= 0),
    amount  INTEGER NOT NULL CHECK (amount >= 0),
    reason  TEXT NOT NULL,
    PRIMARY KEY (account, epoch, kind, work, source)
) STRICT, WITHOUT ROWID;

-- What was earned in an epoch is held until the epoch due is closed.
CREATE TABLE holding (
    account BLOB NOT NULL REFERENCES person,
    epoch   INTEGER NOT NULL REFERENCES epoch,
    due     INTEGER NOT NULL CHECK (due > epoch),
    amount  INTEGER NOT NULL CHECK (amount > 0),
    matured INTEGER NOT NULL DEFAULT 0 CHECK (matured IN (0, 1)),
    PRIMARY KEY (account, epoch, due)
) STRICT, WITHOUT ROWID;
CREATE INDEX holding_due ON holding (due) WHERE matured = 0;

-- How seeders have served the server's own downloaders.
CREATE TABLE audit (
    id      BLOB PRIMARY KEY CHECK (length(id) = 16),
    epoch   INTEGER NOT NULL,
    account BLOB NOT NULL REFERENCES person,
    work    BLOB NOT NULL REFERENCES work,
    passed  INTEGER NOT NULL CHECK (passed IN (0, 1)),
    why     TEXT NOT NULL,
    time    INTEGER NOT NULL
) STRICT;
CREATE INDEX audit_failed ON audit (epoch, account) WHERE passed = 0;

-- What peers lock on works for some epochs, and what of it each epoch has.
CREATE TABLE boost (
    id     BLOB PRIMARY KEY CHECK (length(id) = 16),
    work   BLOB NOT NULL REFERENCES work,
    owner  BLOB NOT NULL REFERENCES person,
    price  INTEGER NOT NULL CHECK (price > 0),
    promo  INTEGER NOT NULL CHECK (promo IN (0, 1)),
    first  INTEGER NOT NULL,
    epochs INTEGER NOT NULL CHECK (epochs > 0),
    time   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX boost_owner ON boost (owner, first);
CREATE INDEX boost_work ON boost (work);

CREATE TABLE slice (
    epoch  INTEGER NOT NULL,
    boost  BLOB NOT NULL REFERENCES boost,
    amount INTEGER NOT NULL CHECK (amount > 0),
    PRIMARY KEY (epoch, boost)
) STRICT, WITHOUT ROWID;
CREATE INDEX slice_boost ON slice (boost, epoch);

-- What creators pay for their works' bytes on top, until the epoch last is closed.
CREATE TABLE pool (
    id     BLOB PRIMARY KEY CHECK (length(id) = 16),
    work   BLOB NOT NULL REFERENCES work,
    owner  BLOB NOT NULL REFERENCES person,
    amount INTEGER NOT NULL CHECK (amount > 0),
    rate   INTEGER NOT NULL CHECK (rate > 0),
    last   INTEGER NOT NULL,
    time   INTEGER NOT NULL,
    ended  INTEGER NOT NULL DEFAULT 0 CHECK (ended IN (0, 1))
) STRICT, WITHOUT ROWID;
CREATE INDEX pool_owner ON pool (owner, last);
CREATE INDEX pool_work ON pool (work, last);
CREATE INDEX pool_last ON pool (last) WHERE ended = 0;

-- What accounts write to the operator about a line of an epoch's pay, or with an empty kind about a receipt that was refused; and what that
-- said then. The answer is empty as long as there is none.
CREATE TABLE appeal (
    id       INTEGER PRIMARY KEY,
    account  BLOB NOT NULL REFERENCES person,
    kind     TEXT NOT NULL,
    epoch    INTEGER NOT NULL,
    work     BLOB NOT NULL CHECK (length(work) = 20),
    source   BLOB NOT NULL CHECK (length(source) = 16),
    serial   BLOB NOT NULL CHECK (length(serial) = 16),
    basis    INTEGER NOT NULL CHECK (basis >= 0),
    credits  INTEGER NOT NULL CHECK (credits >= 0),
    reason   TEXT NOT NULL,
    note     TEXT NOT NULL CHECK (note <> ''),
    written  INTEGER NOT NULL,
    time     INTEGER NOT NULL,
    answer   TEXT NOT NULL DEFAULT '',
    answered INTEGER NOT NULL DEFAULT 0 CHECK ((answered > 0) = (answer <> '')),
    UNIQUE (account, kind, epoch, work, source, serial)
) STRICT;
CREATE INDEX appeal_newest ON appeal (account, id);
CREATE INDEX appeal_written ON appeal (account, written);
CREATE INDEX appeal_open ON appeal (id) WHERE answered = 0;

-- What an account takes along from one epoch into the next.
CREATE TABLE repute (
    account    BLOB PRIMARY KEY REFERENCES person,
    reputation INTEGER NOT NULL CHECK (reputation BETWEEN 0 AND 1000),
    granted    INTEGER NOT NULL CHECK (granted IN (0, 1))
) STRICT, WITHOUT ROWID;

-- How many networks downloaded a work in an epoch.
CREATE TABLE reach (
    work  BLOB NOT NULL REFERENCES work,
    epoch INTEGER NOT NULL REFERENCES epoch,
    nets  INTEGER NOT NULL CHECK (nets > 0),
    PRIMARY KEY (work, epoch)
) STRICT, WITHOUT ROWID;

-- Double entry. least is the lowest balance allowed; none for the funding source.
CREATE TABLE balance (
    account TEXT PRIMARY KEY,
    amount  INTEGER NOT NULL DEFAULT 0,
    least   INTEGER,
    CHECK (least IS NULL OR amount >= least)
) STRICT;

CREATE TABLE transfer (
    id   INTEGER PRIMARY KEY,
    key  TEXT NOT NULL UNIQUE,
    time INTEGER NOT NULL
) STRICT;

CREATE TABLE entry (
    transfer INTEGER NOT NULL REFERENCES transfer,
    account  TEXT NOT NULL REFERENCES balance,
    amount   INTEGER NOT NULL CHECK (amount <> 0),
    PRIMARY KEY (transfer, account)
) STRICT, WITHOUT ROWID;

-- The public log: tiles of hashes, and of records at level -1; where a leaf is;
-- epochs' tables by their SHA-256; and the tree, with the last increase and the
-- last deposit that it has.
CREATE TABLE log_tile (
    level  INTEGER NOT NULL CHECK (level BETWEEN -1 AND 7),
    number INTEGER NOT NULL CHECK (number >= 0),
    data   BLOB NOT NULL,
    PRIMARY KEY (level, number)
) STRICT;

CREATE TABLE log_leaf (
    hash   BLOB PRIMARY KEY CHECK (length(hash) = 32),
    number INTEGER NOT NULL CHECK (number >= 0)
) STRICT, WITHOUT ROWID;

CREATE TABLE log_tree (
    one      INTEGER PRIMARY KEY CHECK (one = 1),
    size     INTEGER NOT NULL,
    root     BLOB NOT NULL CHECK (length(root) = 32),
    increase INTEGER NOT NULL,
    deposit  INTEGER NOT NULL
) STRICT;
INSERT INTO log_tree (one, size, root, increase, deposit) VALUES (1, 0, x'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855', 0, 0);

-- What was written stays written.
-- +goose StatementBegin
CREATE TRIGGER person_stays BEFORE UPDATE ON person BEGIN SELECT RAISE(ABORT, 'person is never changed'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER person_remains BEFORE DELETE ON person BEGIN SELECT RAISE(ABORT, 'person is never deleted'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER work_stays BEFORE UPDATE OF infohash, ticket_hash, name, length, piece_length, files, leaves, weak, publisher, published ON work
    BEGIN SELECT RAISE(ABORT, 'work is never changed'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER work_remains BEFORE DELETE ON work BEGIN SELECT RAISE(ABORT, 'work is never deleted'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER ticket_stays BEFORE UPDATE ON ticket BEGIN SELECT RAISE(ABORT, 'ticket is never changed'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER ticket_remains BEFORE DELETE ON ticket BEGIN SELECT RAISE(ABORT, 'ticket is never deleted'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER increase_stays BEFORE UPDATE ON increase BEGIN SELECT RAISE(ABORT, 'increase is never changed'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER increase_remains BEFORE DELETE ON increase BEGIN SELECT RAISE(ABORT, 'increase is never deleted'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER epoch_stays BEFORE UPDATE ON epoch BEGIN SELECT RAISE(ABORT, 'epoch is never changed'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER epoch_remains BEFORE DELETE ON epoch BEGIN SELECT RAISE(ABORT, 'epoch is never deleted'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER transfer_stays BEFORE UPDATE ON transfer BEGIN SELECT RAISE(ABORT, 'transfer is never changed'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER transfer_remains BEFORE DELETE ON transfer BEGIN SELECT RAISE(ABORT, 'transfer is never deleted'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER entry_stays BEFORE UPDATE ON entry BEGIN SELECT RAISE(ABORT, 'entry is never changed'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER entry_remains BEFORE DELETE ON entry BEGIN SELECT RAISE(ABORT, 'entry is never deleted'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER pay_stays BEFORE UPDATE ON pay BEGIN SELECT RAISE(ABORT, 'pay is never changed'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER pay_remains BEFORE DELETE ON pay BEGIN SELECT RAISE(ABORT, 'pay is never deleted'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER holding_stays BEFORE UPDATE OF account, epoch, due, amount ON holding BEGIN SELECT RAISE(ABORT, 'holding is never changed'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER holding_remains BEFORE DELETE ON holding BEGIN SELECT RAISE(ABORT, 'holding is never deleted'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER log_tile_grows BEFORE UPDATE ON log_tile
    WHEN substr(NEW.data, 1, length(OLD.data)) <> OLD.data OR NEW.level <> OLD.level OR NEW.number <> OLD.number
    BEGIN SELECT RAISE(ABORT, 'log_tile is never changed'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER log_tile_remains BEFORE DELETE ON log_tile BEGIN SELECT RAISE(ABORT, 'log_tile is never deleted'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER log_leaf_stays BEFORE UPDATE ON log_leaf BEGIN SELECT RAISE(ABORT, 'log_leaf is never changed'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER log_leaf_remains BEFORE DELETE ON log_leaf BEGIN SELECT RAISE(ABORT, 'log_leaf is never deleted'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER log_table_stays BEFORE UPDATE ON log_table BEGIN SELECT RAISE(ABORT, 'log_table is never changed'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER log_table_remains BEFORE DELETE ON log_table BEGIN SELECT RAISE(ABORT, 'log_table is never deleted'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER log_tree_grows BEFORE UPDATE ON log_tree WHEN NEW.size < OLD.size
    BEGIN SELECT RAISE(ABORT, 'log_tree is never changed'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER log_tree_remains BEFORE DELETE ON log_tree BEGIN SELECT RAISE(ABORT, 'log_tree is never deleted'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER boost_stays BEFORE UPDATE ON boost BEGIN SELECT RAISE(ABORT, 'boost is never changed'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER boost_remains BEFORE DELETE ON boost BEGIN SELECT RAISE(ABORT, 'boost is never deleted'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER slice_stays BEFORE UPDATE ON slice BEGIN SELECT RAISE(ABORT, 'slice is never changed'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER slice_remains BEFORE DELETE ON slice BEGIN SELECT RAISE(ABORT, 'slice is never deleted'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER pool_stays BEFORE UPDATE OF id, work, owner, amount, rate, last, time ON pool BEGIN SELECT RAISE(ABORT, 'pool is never changed'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER pool_remains BEFORE DELETE ON pool BEGIN SELECT RAISE(ABORT, 'pool is never deleted'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER audit_stays BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'audit is never changed'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER audit_remains BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'audit is never deleted'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER appeal_stays BEFORE UPDATE OF id, account, kind, epoch, work, source, serial, basis, credits, reason, note, written, time ON appeal
    BEGIN SELECT RAISE(ABORT, 'appeal is never changed'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER appeal_answered BEFORE UPDATE ON appeal WHEN OLD.answered > 0 BEGIN SELECT RAISE(ABORT, 'appeal is never changed'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER appeal_remains BEFORE DELETE ON appeal BEGIN SELECT RAISE(ABORT, 'appeal is never deleted'); END;
-- +goose StatementEnd
