/// The tables of a ``JobFile``.
enum JobSchema {
    /// What a new file is made of: the same as all steps come to, but at once, since SQLite reads
    /// the whole schema again for each column that is added.
    static let newest = """
        CREATE TABLE job (
            id TEXT NOT NULL, created REAL NOT NULL, updated REAL NOT NULL, state TEXT NOT NULL,
            reason TEXT, request TEXT NOT NULL, identity TEXT NOT NULL, process INTEGER NOT NULL,
            runs INTEGER NOT NULL DEFAULT 1, throttle TEXT NOT NULL DEFAULT '{}',
            progress TEXT NOT NULL DEFAULT '{}', kind TEXT NOT NULL DEFAULT 'copy');
        CREATE TABLE tables (
            number INTEGER PRIMARY KEY, source TEXT NOT NULL, target TEXT NOT NULL,
            source_id TEXT, target_id TEXT, partition_name TEXT NOT NULL,
            partition_type TEXT NOT NULL, sort_name TEXT, sort_type TEXT,
            target_was TEXT NOT NULL, segments INTEGER NOT NULL, items_reported INTEGER NOT NULL,
            is_finished INTEGER NOT NULL, progress TEXT NOT NULL DEFAULT '{}', failure TEXT,
            boost TEXT, settings TEXT NOT NULL DEFAULT '{}', digest_key BLOB,
            repairs TEXT NOT NULL DEFAULT '{}', verdict TEXT,
            reads_files INTEGER NOT NULL DEFAULT 0, export TEXT, collisions TEXT,
            places_met TEXT, requests TEXT, warm_units INTEGER NOT NULL DEFAULT 0,
            chain TEXT);
        CREATE TABLE segments (
            in_table INTEGER NOT NULL REFERENCES tables, segment INTEGER NOT NULL, cursor BLOB,
            items INTEGER NOT NULL, bytes INTEGER NOT NULL, PRIMARY KEY (in_table, segment)
            ) WITHOUT ROWID;
        CREATE TABLE dead_letters (
            number INTEGER PRIMARY KEY, in_table INTEGER NOT NULL REFERENCES tables,
            code TEXT NOT NULL, reason TEXT NOT NULL, item BLOB NOT NULL,
            key BLOB NOT NULL DEFAULT X'');
        CREATE UNIQUE INDEX dead_letter_keys ON dead_letters (in_table, key);
        CREATE TABLE digest_buckets (
            in_table INTEGER NOT NULL REFERENCES tables, side INTEGER NOT NULL,
            sums BLOB NOT NULL, PRIMARY KEY (in_table, side)) WITHOUT ROWID;
        CREATE TABLE digest_segments (
            in_table INTEGER NOT NULL REFERENCES tables, side INTEGER NOT NULL,
            segment INTEGER NOT NULL, cursor BLOB, sum BLOB NOT NULL,
            PRIMARY KEY (in_table, side, segment)) WITHOUT ROWID;
        CREATE TABLE files_read (
            in_table INTEGER NOT NULL REFERENCES tables, name TEXT NOT NULL, cursor BLOB,
            items INTEGER NOT NULL, bytes INTEGER NOT NULL, PRIMARY KEY (in_table, name)
            ) WITHOUT ROWID;
        CREATE TABLE files_written (
            number INTEGER PRIMARY KEY, in_table INTEGER NOT NULL REFERENCES tables,
            file BLOB NOT NULL);
        CREATE TABLE key_origins (
            number INTEGER PRIMARY KEY, in_table INTEGER NOT NULL REFERENCES tables,
            records BLOB NOT NULL);
        PRAGMA application_id = \(JobFile.applicationID);
        """

    /// What made each version of the next older one, from nothing on. A step that was in use is
    /// never changed.
    static let steps = [
        """
        CREATE TABLE job (
            id TEXT NOT NULL, created REAL NOT NULL, updated REAL NOT NULL, state TEXT NOT NULL,
            reason TEXT, request TEXT NOT NULL, identity TEXT NOT NULL, process INTEGER NOT NULL);
        CREATE TABLE tables (
            number INTEGER PRIMARY KEY, source TEXT NOT NULL, target TEXT NOT NULL,
            source_id TEXT, target_id TEXT, partition_name TEXT NOT NULL,
            partition_type TEXT NOT NULL, sort_name TEXT, sort_type TEXT,
            target_was TEXT NOT NULL, segments INTEGER NOT NULL, items_reported INTEGER NOT NULL,
            is_finished INTEGER NOT NULL);
        CREATE TABLE segments (
            in_table INTEGER NOT NULL REFERENCES tables, segment INTEGER NOT NULL, cursor BLOB,
            items INTEGER NOT NULL, bytes INTEGER NOT NULL, PRIMARY KEY (in_table, segment)
            ) WITHOUT ROWID;
        CREATE TABLE dead_letters (
            number INTEGER PRIMARY KEY, in_table INTEGER NOT NULL REFERENCES tables,
            code TEXT NOT NULL, reason TEXT NOT NULL, item BLOB NOT NULL);
        PRAGMA application_id = \(JobFile.applicationID);
        """,
        // Dead letters are known by their keys, and a job by what it has done over all its runs.
        """
        ALTER TABLE job ADD COLUMN runs INTEGER NOT NULL DEFAULT 1;
        ALTER TABLE job ADD COLUMN throttle TEXT NOT NULL DEFAULT '{}';
        ALTER TABLE job ADD COLUMN progress TEXT NOT NULL DEFAULT '{}';
        ALTER TABLE dead_letters ADD COLUMN key BLOB NOT NULL DEFAULT X'';
        UPDATE dead_letters SET key = item;
        CREATE UNIQUE INDEX dead_letter_keys ON dead_letters (in_table, key);
        """,
        // Each table of a job has figures of its own.
        """
        ALTER TABLE tables ADD COLUMN progress TEXT NOT NULL DEFAULT '{}';
        ALTER TABLE tables ADD COLUMN failure TEXT;
        UPDATE tables SET progress = (SELECT progress FROM job);
        """,
        // What was changed of a target and is to be set back, and what became of its settings.
        """
        ALTER TABLE tables ADD COLUMN boost TEXT;
        ALTER TABLE tables ADD COLUMN settings TEXT NOT NULL DEFAULT '{}';
        """,
        // Sums of digests: of a verification's sides, with the cursors that they belong to.
        """
        ALTER TABLE job ADD COLUMN kind TEXT NOT NULL DEFAULT 'copy';
        ALTER TABLE tables ADD COLUMN digest_key BLOB;
        ALTER TABLE tables ADD COLUMN repairs TEXT NOT NULL DEFAULT '{}';
        ALTER TABLE tables ADD COLUMN verdict TEXT;
        CREATE TABLE digest_buckets (
            in_table INTEGER NOT NULL REFERENCES tables, side INTEGER NOT NULL,
            sums BLOB NOT NULL, PRIMARY KEY (in_table, side)) WITHOUT ROWID;
        CREATE TABLE digest_segments (
            in_table INTEGER NOT NULL REFERENCES tables, side INTEGER NOT NULL,
            segment INTEGER NOT NULL, cursor BLOB, sum BLOB NOT NULL,
            PRIMARY KEY (in_table, side, segment)) WITHOUT ROWID;
        """,
        // Buckets go by the highest bits of the keys' hashes, no more by the lowest: sums that were
        // made before are made again.
        """
        DELETE FROM digest_buckets;
        DELETE FROM digest_segments;
        """,
        // Tables that are written to files, and read from them.
        """
        ALTER TABLE tables ADD COLUMN reads_files INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE tables ADD COLUMN export TEXT;
        CREATE TABLE files_read (
            in_table INTEGER NOT NULL REFERENCES tables, name TEXT NOT NULL, cursor BLOB,
            items INTEGER NOT NULL, bytes INTEGER NOT NULL, PRIMARY KEY (in_table, name)
            ) WITHOUT ROWID;
        CREATE TABLE files_written (
            number INTEGER PRIMARY KEY, in_table INTEGER NOT NULL REFERENCES tables,
            file BLOB NOT NULL);
        """,
        // Under which keys items are written, so that two that get the same key are found.
        """
        ALTER TABLE tables ADD COLUMN collisions TEXT;
        ALTER TABLE tables ADD COLUMN places_met TEXT;
        CREATE TABLE key_origins (
            number INTEGER PRIMARY KEY, in_table INTEGER NOT NULL REFERENCES tables,
            records BLOB NOT NULL);
        """,
        // What DynamoDB does by itself.
        "ALTER TABLE tables ADD COLUMN requests TEXT;",
        // What was paid once, for targets that were made warm.
        "ALTER TABLE tables ADD COLUMN warm_units INTEGER NOT NULL DEFAULT 0;",
        // Until when a table's changes have been brought into a target.
        "ALTER TABLE tables ADD COLUMN chain TEXT;",
    ]
}
