//! The suite: one module a subject.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should panic where it stands")]

mod any_server;
mod assertions;
mod away;
mod bad_input;
mod blocks;
mod cli_crash;
mod cli_damage;
mod cli_doctor;
mod cli_refusals;
mod cli_run;
mod cli_submit;
mod cli_terminal;
mod cluster;
mod compare_cost;
mod costs;
mod crashes;
mod dedup;
mod evenness;
mod faults;
mod golden;
mod imports;
mod jobs;
mod key_properties;
mod key_skew;
mod key_types;
mod paces;
mod partition_times;
mod plan_ids;
mod preview;
mod properties;
mod resume;
mod snapshot_size;
mod splitting;
mod statements;
mod stream;
mod surroundings;
mod target_partitions;

mod trials;
mod two_executors;
