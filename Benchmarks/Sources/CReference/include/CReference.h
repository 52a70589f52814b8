// The same work as ours, done over the C libraries without anything in between.
#pragma once

#include <stddef.h>
#include <stdint.h>

// Each goes over `count` items and gives how many succeeded.
//   digests     32 bytes each
//   secrets     32 bytes each
//   signatures  65 bytes each: r, s, recovery id 0 or 1
//   keys        65 bytes each: 04, x, y
size_t reference_sign(const uint8_t *digests, const uint8_t *secrets, size_t count);
size_t reference_recover(
    const uint8_t *digests, const uint8_t *signatures, size_t count);
size_t reference_verify(
    const uint8_t *digests, const uint8_t *signatures, const uint8_t *keys, size_t count);

// A LevelDB with the settings that ours uses; NULL when it cannot be opened.
typedef struct reference_db reference_db;
reference_db *reference_db_open(const char *path, size_t cache, size_t write_buffer);
void reference_db_close(reference_db *db);

// Writes batches of records with keys of `key` bytes and values of `value` bytes, laid end to end
// in `records`; the last batch synced. Gives how many records were written.
size_t reference_db_write(
    reference_db *db, const uint8_t *records, size_t key, size_t value, size_t count,
    size_t batch);

// Reads each key of `keys`; gives how many were found.
size_t reference_db_read(reference_db *db, const uint8_t *keys, size_t key, size_t count);

// Rewrites the whole database without overwritten records.
void reference_db_compact(reference_db *db);

// Notes the cores that the calling thread may use; the first of them, or -1.
int cores_note(void);

// Binds a thread to one core.
int cores_pin(int thread, int core);

// Lets a thread use the cores that were noted.
int cores_free(int thread);
