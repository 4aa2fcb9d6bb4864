-- Files of the archive that were written anew take the place of the old ones: day, rows and span stay. In: exchanged.
UPDATE archive_files SET file = e.file, byte_count = e.byte_count, sha256 = e.sha256
FROM exchanged AS e
WHERE archive_files.file = e.old;
