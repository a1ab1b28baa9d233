// SPDX-License-Identifier: Apache-2.0
//! The structs of the headers. The build makes a list of C's offsets from the lines of this file,
//! and [`crate::layout_matches`] compares it with Rust's: one field a line.
#![allow(missing_docs, non_camel_case_types)]

use std::ffi::{c_char, c_int, c_uint, c_void};
use std::mem::{offset_of, size_of};
use std::sync::atomic::AtomicU64;

macro_rules! handles {
    ($($name:ident)*) => {
        $(#[repr(C)]
        pub struct $name {
            _opaque: [u8; 0],
            _pinned: std::marker::PhantomData<(*mut u8, std::marker::PhantomPinned)>,
        })*
    };
}
handles! { mms_writer mms_region mms_reader mms_table mms_inspector }

macro_rules! structs {
    ($($(#[$attribute:meta])* pub struct $name:ident { $(pub $field:ident: $type:ty,)* })*) => {
        $($(#[$attribute])*
        #[repr(C)]
        #[derive(Clone, Copy)]
        pub struct $name { $(pub $field: $type,)* })*

        /// Sizes and offsets as Rust has them, in the order of C's list.
        pub(crate) const LAYOUT: &[u32] = &[
            $(size_of::<$name>() as u32, $(offset_of!($name, $field) as u32,)*)*
            u32::MAX,
        ];
    };
}

structs! {
    pub struct mms_writer_options {
        pub struct_size: usize,
        pub mmap_sync: *const mms_mmap_sync_writer_options,
        pub max_size: u64,
        pub max_slots: u32,
        pub max_readers: u32,
        pub grace_ms: i32,
        pub on_grace: c_uint,
        pub lock_wait_ms: i32,
        pub fence: c_uint,
        pub mode: u32,
        pub readers_mode: u32,
        pub gid: u32,
        pub has_gid: bool,
        pub replace: bool,
        pub checksum: bool,
        pub force_filesystem: bool,
        pub type_id: [u64; 2],
        pub tag: u64,
        pub changes_size: u64,
        pub huge_pages: c_uint,
        pub trusted_uid: u32,
        pub track: c_uint,
        pub trust_owner: bool,
        pub check_touch: bool,
        pub keep: u8,
        pub durable: u8,
    }
    pub struct mms_region_options {
        pub struct_size: usize,
        pub mmap_sync: *const mms_mmap_sync_region_options,
        pub fence: c_uint,
        pub read_only: bool,
        pub allow_evict: bool,
        pub detached: bool,
        pub prefault: bool,
        pub type_id: [u64; 2],
        pub trusted_uid: u32,
        pub trust_owner: bool,
        pub force_filesystem: bool,
        pub check_always: bool,
        pub reserved: [u8; 1],
    }
    pub struct mms_view {
        pub data: *const c_void,
        pub size: usize,
        pub generation: u64,
        pub changed: bool,
        pub reserved: [u64; 2],
    }
    pub struct mms_range {
        pub offset: u64,
        pub length: u64,
    }
    pub struct mms_receipt {
        pub generation: u64,
        pub size: usize,
        pub slot: c_uint,
        pub reclaimed: c_uint,
        pub evicted: c_uint,
        pub blockers: c_uint,
        pub waited_ns: u64,
        pub blocker_pid: [c_int; 8],
        pub table_evicted: u64,
        pub table_expired: u64,
        pub reserved: [u64; 2],
    }
    pub struct mms_view_info {
        pub type_id: [u64; 2],
        pub tag: u64,
        pub publish_time_ns: u64,
        pub checksum: u64,
        pub has_checksum: bool,
        pub schema: *const c_char,
        pub schema_size: usize,
        pub reserved: [u64; 4],
    }
    pub struct mms_info {
        pub region_id: [u64; 2],
        pub max_size: u64,
        pub max_slots: u32,
        pub max_readers: u32,
        pub generation: u64,
        pub size: u64,
        pub type_id: [u64; 2],
        pub tag: u64,
        pub publish_time_ns: u64,
        pub checksum: u64,
        pub has_checksum: bool,
        pub symmetric: bool,
        pub writer_alive: c_int,
        pub writer_pid: c_int,
        pub slot: c_uint,
        pub slots_used: c_uint,
        pub readers: c_uint,
        pub readers_dead: c_uint,
        pub bytes_used: u64,
        pub bytes_huge: u64,
        pub keep: u64,
        pub refused: u64,
        pub evicted: u64,
        pub durable_generation: u64,
        pub durable_lost: u64,
        pub durable: bool,
        pub reserved: [u64; 1],
    }
    pub struct mms_reader_info {
        pub pid: c_int,
        pub tid: c_int,
        pub alive: bool,
        pub pinned: bool,
        pub symmetric: bool,
        pub allow_evict: bool,
        pub line: c_uint,
        pub generation: u64,
        pub reserved: [u64; 4],
    }
    pub struct mms_past_value {
        pub generation: u64,
        pub size: u64,
        pub type_id: [u64; 2],
        pub tag: u64,
        pub publish_time_ns: u64,
        pub checksum: u64,
        pub has_checksum: bool,
        pub current: bool,
        pub kept: bool,
        pub slot: c_uint,
        pub reserved: [u64; 4],
    }
    pub struct mms_mmap_sync_writer_options {
        pub struct_size: usize,
        pub hash: Option<unsafe extern "C" fn(*mut c_void, *const c_void, usize) -> u64>,
        pub hash_context: *mut c_void,
        pub unlocked: bool,
        pub reset: bool,
        pub reserved: [u8; 6],
    }
    pub struct mms_mmap_sync_region_options {
        pub struct_size: usize,
        pub other_hasher: bool,
        pub reserved: [u8; 7],
    }
    pub struct mms_key {
        pub data: *const c_void,
        pub size: usize,
    }
    pub struct mms_value {
        pub data: *const c_void,
        pub size: usize,
    }
    pub struct mms_table_options {
        pub struct_size: usize,
        pub type_id: [u64; 2],
        pub schema: *const c_char,
        pub schema_size: usize,
        pub expected: u64,
        pub key_size: usize,
        pub value_size: usize,
        pub max_bytes: u64,
        pub expires_ns: u64,
        pub seed: [u64; 2],
        pub expiring: bool,
        pub reserved: [u8; 7],
    }
    pub struct mms_table_view {
        pub data: *const c_void,
        pub size: usize,
        pub generation: u64,
        pub now_ns: u64,
        pub type_id: [u64; 2],
        pub inside: [u64; 9],
        pub vouched: bool,
        pub reserved: [u8; 7],
        pub reserved_word: u64,
    }
    pub struct mms_entry {
        pub key: mms_key,
        pub value: mms_value,
        pub expires_ns: u64,
        pub reserved: [u64; 2],
    }
    pub struct mms_table_cursor {
        pub bucket: u64,
        pub node: u32,
        pub slot: u32,
    }
    pub struct mms_table_info {
        pub count: u64,
        pub buckets: u64,
        pub bytes: u64,
        pub free_bytes: u64,
        pub size: u64,
        pub max_bytes: u64,
        pub evicted: u64,
        pub expired: u64,
        pub key_size: u64,
        pub value_size: u64,
        pub type_id: [u64; 2],
        pub expiring: bool,
        pub reserved: [u8; 7],
        pub reserved_words: [u64; 4],
    }
    pub struct mms__view_head {
        pub data: *const c_void,
        pub size: usize,
        pub generation: u64,
        pub changed: bool,
    }
    pub struct mms__reader_head {
        pub announce: *const AtomicU64,
        pub current: *const AtomicU64,
        pub word: u64,
        pub view: mms__view_head,
        pub state: u32,
        pub checked: u32,
    }
}
