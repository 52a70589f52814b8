#include "CReference.h"

#include <leveldb/c.h>
#include <stdlib.h>

struct reference_db {
  leveldb_t *db;
  leveldb_cache_t *cache;
  leveldb_filterpolicy_t *filter;
  leveldb_options_t *options;
  leveldb_readoptions_t *reads;
  leveldb_writeoptions_t *lazy;
  leveldb_writeoptions_t *synced;
};

reference_db *reference_db_open(const char *path, size_t cache, size_t write_buffer) {
  reference_db *self = calloc(1, sizeof *self);
  if (!self) return NULL;
  char *error = NULL;
  self->options = leveldb_options_create();
  self->cache = leveldb_cache_create_lru(cache);
  self->filter = leveldb_filterpolicy_create_bloom(10);
  leveldb_options_set_create_if_missing(self->options, 1);
  leveldb_options_set_cache(self->options, self->cache);
  leveldb_options_set_filter_policy(self->options, self->filter);
  leveldb_options_set_write_buffer_size(self->options, write_buffer);
  leveldb_options_set_max_open_files(self->options, 500);
  leveldb_options_set_paranoid_checks(self->options, 1);
  leveldb_options_set_compression(self->options, leveldb_snappy_compression);
  self->reads = leveldb_readoptions_create();
  leveldb_readoptions_set_verify_checksums(self->reads, 1);
  self->lazy = leveldb_writeoptions_create();
  self->synced = leveldb_writeoptions_create();
  leveldb_writeoptions_set_sync(self->synced, 1);
  self->db = leveldb_open(self->options, path, &error);
  if (!self->db) {
    leveldb_free(error);
    reference_db_close(self);
    return NULL;
  }
  return self;
}

void reference_db_close(reference_db *self) {
  if (self->db) leveldb_close(self->db);
  leveldb_options_destroy(self->options);
  leveldb_cache_destroy(self->cache);
  leveldb_filterpolicy_destroy(self->filter);
  leveldb_readoptions_destroy(self->reads);
  leveldb_writeoptions_destroy(self->lazy);
  leveldb_writeoptions_destroy(self->synced);
  free(self);
}

size_t reference_db_write(
    reference_db *self, const uint8_t *records, size_t key, size_t value, size_t count,
    size_t batch) {
  size_t written = 0;
  while (written < count) {
    leveldb_writebatch_t *writes = leveldb_writebatch_create();
    size_t end = written + batch < count ? written + batch : count;
    for (size_t i = written; i < end; i++) {
      const char *record = (const char *)records + (key + value) * i;
      leveldb_writebatch_put(writes, record, key, record + key, value);
    }
    char *error = NULL;
    leveldb_write(self->db, end == count ? self->synced : self->lazy, writes, &error);
    leveldb_writebatch_destroy(writes);
    if (error) {
      leveldb_free(error);
      return written;
    }
    written = end;
  }
  return written;
}

size_t reference_db_read(reference_db *self, const uint8_t *keys, size_t key, size_t count) {
  size_t found = 0;
  for (size_t i = 0; i < count; i++) {
    char *error = NULL;
    size_t length = 0;
    char *value = leveldb_get(
        self->db, self->reads, (const char *)keys + key * i, key, &length, &error);
    if (error) leveldb_free(error);
    if (value) {
      found += length > 0;
      leveldb_free(value);
    }
  }
  return found;
}

void reference_db_compact(reference_db *self) {
  leveldb_compact_range(self->db, NULL, 0, NULL, 0);
}
