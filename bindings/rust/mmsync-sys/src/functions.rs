// SPDX-License-Identifier: Apache-2.0
//! The functions of the headers, whose comments are the manual.
#![allow(missing_docs)]

use crate::types::*;
use std::ffi::{c_char, c_int, c_uint, c_void};

extern "C" {
    pub fn mms_version() -> *const c_char;
    pub fn mms_strerror(code: c_int) -> *const c_char;
    pub fn mms_error_name(code: c_int) -> *const c_char;
    pub fn mms_last_error() -> *const c_char;
    pub fn mms_last_code() -> c_int;

    pub fn mms_writer_open(
        path: *const c_char, options: *const mms_writer_options, out: *mut *mut mms_writer,
    ) -> c_int;
    pub fn mms_writer_set_grace(writer: *mut mms_writer, grace_ms: i32) -> c_int;
    pub fn mms_sync(writer: *mut mms_writer) -> c_int;
    pub fn mms_writer_close(writer: *mut mms_writer) -> c_int;
    pub fn mms_write(
        writer: *mut mms_writer, data: *const c_void, size: usize, receipt: *mut mms_receipt,
    ) -> c_int;
    pub fn mms_write_begin(
        writer: *mut mms_writer, capacity: usize, buffer: *mut *mut c_void,
        receipt: *mut mms_receipt,
    ) -> c_int;
    pub fn mms_write_grow(
        writer: *mut mms_writer, capacity: usize, buffer: *mut *mut c_void,
    ) -> c_int;
    pub fn mms_write_commit(
        writer: *mut mms_writer, size: usize, receipt: *mut mms_receipt,
    ) -> c_int;
    pub fn mms_write_abort(writer: *mut mms_writer) -> c_int;
    pub fn mms_write_set_type(
        writer: *mut mms_writer, type_id: *const u64, schema: *const c_char, schema_size: usize,
    ) -> c_int;
    pub fn mms_write_set_tag(writer: *mut mms_writer, tag: u64) -> c_int;
    pub fn mms_write_rollback(
        writer: *mut mms_writer, generation: u64, receipt: *mut mms_receipt,
    ) -> c_int;
    pub fn mms_write_update(
        writer: *mut mms_writer, capacity: usize, buffer: *mut *mut c_void, size: *mut usize,
        receipt: *mut mms_receipt,
    ) -> c_int;
    pub fn mms_write_touch(writer: *mut mms_writer, offset: usize, length: usize) -> c_int;
    pub fn mms_write_patch(
        writer: *mut mms_writer, offset: usize, data: *const c_void, length: usize,
    ) -> c_int;

    pub fn mms_region_open(
        path: *const c_char, options: *const mms_region_options, out: *mut *mut mms_region,
    ) -> c_int;
    pub fn mms_region_close(region: *mut mms_region) -> c_int;
    pub fn mms_region_read_only(region: *const mms_region) -> bool;
    pub fn mms_region_check(region: *mut mms_region) -> c_int;
    pub fn mms_region_wait(region: *mut mms_region, seen: u64, timeout_ms: c_int) -> c_int;
    pub fn mms_wait_fd(region: *mut mms_region, fd: *mut c_int) -> c_int;
    pub fn mms_wait_fd_ack(region: *mut mms_region, fd: c_int, generation: *mut u64) -> c_int;
    pub fn mms_wait_fd_close(region: *mut mms_region, fd: c_int) -> c_int;
    pub fn mms_generation(region: *mut mms_region) -> u64;
    pub fn mms_read_copy(
        region: *mut mms_region, buffer: *mut c_void, capacity: usize, size: *mut usize,
        generation: *mut u64,
    ) -> c_int;
    pub fn mms_read_schema(
        region: *mut mms_region, buffer: *mut c_char, capacity: usize, size: *mut usize,
        type_id: *mut u64, generation: *mut u64,
    ) -> c_int;

    pub fn mms_reader_open(region: *mut mms_region, out: *mut *mut mms_reader) -> c_int;
    pub fn mms_reader_close(reader: *mut mms_reader) -> c_int;
    pub fn mms_wait(reader: *mut mms_reader, seen: u64, timeout_ms: c_int) -> c_int;
    pub fn mms_view_type(reader: *mut mms_reader, type_id: *mut u64) -> c_int;
    pub fn mms_view_describe(reader: *mut mms_reader, out: *mut mms_view_info) -> c_int;
    pub fn mms_changes(
        reader: *mut mms_reader, since: u64, out: *mut mms_range, capacity: usize,
        count: *mut usize,
    ) -> c_int;

    pub fn mms_remove(path: *const c_char) -> c_int;
    pub fn mms_inspect(path: *const c_char, out: *mut mms_info) -> c_int;
    pub fn mms_inspect_readers(
        path: *const c_char, out: *mut mms_reader_info, capacity: usize, count: *mut usize,
    ) -> c_int;
    pub fn mms_inspector_open(path: *const c_char, out: *mut *mut mms_inspector) -> c_int;
    pub fn mms_inspector_look(inspector: *mut mms_inspector, out: *mut mms_info) -> c_int;
    pub fn mms_inspector_close(inspector: *mut mms_inspector);
    pub fn mms_history(
        path: *const c_char, out: *mut mms_past_value, capacity: usize, count: *mut usize,
    ) -> c_int;
    pub fn mms_verify(
        path: *const c_char, report: Option<unsafe extern "C" fn(*mut c_void, *const c_char)>,
        context: *mut c_void,
    ) -> c_int;
    pub fn mms_is_mmap_sync(path: *const c_char) -> bool;
    pub fn mms_mmap_sync_was_reset(writer: *const mms_writer) -> bool;

    pub fn mms_table_begin(
        writer: *mut mms_writer, options: *const mms_table_options, out: *mut *mut mms_table,
    ) -> c_int;
    pub fn mms_table_put(
        table: *mut mms_table, key: *const c_void, key_size: usize, value: *const c_void,
        size: usize,
    ) -> c_int;
    pub fn mms_table_reserve(
        table: *mut mms_table, key: *const c_void, key_size: usize, size: usize,
        value: *mut *mut c_void,
    ) -> c_int;
    pub fn mms_table_put_many(
        table: *mut mms_table, count: usize, keys: *const mms_key, values: *const mms_value,
        done: *mut usize,
    ) -> c_int;
    pub fn mms_table_delete(table: *mut mms_table, key: *const c_void, key_size: usize) -> c_int;
    pub fn mms_table_clear(table: *mut mms_table) -> c_int;
    pub fn mms_table_set_expiry(table: *mut mms_table, expires_ns: u64) -> c_int;
    pub fn mms_table_commit(table: *mut mms_table, receipt: *mut mms_receipt) -> c_int;
    pub fn mms_table_abort(table: *mut mms_table) -> c_int;
    pub fn mms_table_of(view: *const mms_view, out: *mut mms_table_view) -> c_int;
    pub fn mms_table_current(table: *mut mms_table, out: *mut mms_table_view) -> c_int;
    pub fn mms_table_get(
        view: *const mms_table_view, key: *const c_void, key_size: usize, size: *mut usize,
    ) -> *const c_void;
    pub fn mms_table_get_many(
        view: *const mms_table_view, count: usize, keys: *const mms_key, out: *mut mms_value,
    ) -> usize;
    pub fn mms_table_next(
        view: *const mms_table_view, cursor: *mut mms_table_cursor, out: *mut mms_entry,
    ) -> bool;
    pub fn mms_table_count(view: *const mms_table_view) -> u64;
    pub fn mms_table_describe(view: *const mms_table_view, out: *mut mms_table_info);
    pub fn mms_table_check(view: *const mms_table_view) -> c_int;

    // The slow halves of what fast.rs has, and the whole of it for comparison.
    pub(crate) fn mms__read_slow(reader: *mut mms_reader, out: *mut mms_view) -> c_int;
    pub(crate) fn mms__refresh_slow(reader: *mut mms_reader, view: *mut mms_view) -> c_int;
    pub(crate) fn mms__release_slow(reader: *mut mms_reader) -> c_int;

    pub(crate) static mmsync_sys_layout: [c_uint; crate::types::LAYOUT.len()];
}

/// The library's own functions, where [`crate::mms_read`] and its like are inline.
pub mod exported {
    use super::*;

    extern "C" {
        pub fn mms_read(reader: *mut mms_reader, out: *mut mms_view) -> c_int;
        pub fn mms_refresh(reader: *mut mms_reader, view: *mut mms_view) -> c_int;
        pub fn mms_release(reader: *mut mms_reader) -> c_int;
    }
}
