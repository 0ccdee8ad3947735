import type { QueryRunner } from 'typeorm';

/**
 * Which versions of the read models there are, and the one that answers. Their tables are not migrated: a version makes its own, in
 * a schema of its own, and a change of them is a new version.
 */
export class CreateReadModelVersions1764000000400 {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE read_model_versions (
        version  int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        state    text NOT NULL CHECK (state IN ('building', 'active', 'retired')),
        -- What the tables look like: a hash of their definitions. Code feeds and reads only what it knows.
        shape    text NOT NULL,
        created  timestamptz NOT NULL DEFAULT now(),
        switched timestamptz,
        retired  timestamptz,
        -- When a projector last said that it feeds it.
        fed      timestamptz
      );

      -- One row: switching is one update, and a request reads it in the snapshot that it reads everything else in.
      CREATE TABLE read_model_active (
        "only"  boolean NOT NULL PRIMARY KEY DEFAULT true CHECK ("only"),
        version int NOT NULL REFERENCES read_model_versions (version)
      );`);
  }
}
