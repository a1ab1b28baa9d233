// SPDX-License-Identifier: Apache-2.0
//! Tables: many keys in one region.

use crate::error::{check, Result};
use crate::reader::View;
use crate::writer::{Receipt, Writer};
use mmsync_sys as sys;
use std::ffi::c_void;
use std::marker::PhantomData;
use std::mem::MaybeUninit;
use std::ptr::{self, NonNull};
use std::time::SystemTime;
use std::{fmt, slice};

/// The longest key, in bytes.
pub const KEY_MAX: usize = sys::MMS_TABLE_KEY_MAX;

/// What a table is and holds.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct TableInfo {
    /// Bytes of the value.
    pub size: u64,
    /// Entries, with those that have expired and were not removed yet.
    pub count: u64,
    /// What they take.
    pub bytes: u64,
    /// The limit of a cache; 0: none.
    pub max_bytes: u64,
    /// Entries evicted because of it since the table was created.
    pub evicted: u64,
    /// Entries that were removed after they had expired.
    pub expired: u64,
    /// The size of every key; 0: any.
    pub key_size: u64,
    /// The size of every value; 0: any.
    pub value_size: u64,
    /// The type of the table.
    pub type_id: [u64; 2],
    /// Whether entries may expire.
    pub expiring: bool,
}

/// How to create a table, or what to do with it; start from [`TableOptions::new`]. Most options
/// count when there is no table yet; later, any that differ from the table's are refused.
#[derive(Clone)]
pub struct TableOptions {
    raw: sys::mms_table_options,
}

impl Default for TableOptions {
    fn default() -> Self {
        Self::new()
    }
}

impl TableOptions {
    /// Any keys, any values, no limit.
    pub fn new() -> Self {
        TableOptions { raw: sys::table_options() }
    }

    /// Creation: how many entries to make room for; the table grows as needed.
    pub fn expected(mut self, entries: u64) -> Self {
        self.raw.expected = entries;
        self
    }

    /// Creation: the size of every key.
    pub fn key_size(mut self, bytes: usize) -> Self {
        self.raw.key_size = bytes;
        self
    }

    /// Creation: the size of every value.
    pub fn value_size(mut self, bytes: usize) -> Self {
        self.raw.value_size = bytes;
        self
    }

    /// A cache: once its entries take more memory, those written longest ago are evicted.
    pub fn max_bytes(mut self, bytes: u64) -> Self {
        self.raw.max_bytes = bytes;
        self
    }

    /// Creation: entries may expire.
    pub fn expiring(mut self, yes: bool) -> Self {
        self.raw.expiring = yes;
        self
    }

    /// Creation: the type of the table, in place of the one that all tables have.
    pub fn type_id(mut self, type_id: [u64; 2]) -> Self {
        self.raw.type_id = type_id;
        self
    }
}

fn nanoseconds(time: Option<SystemTime>) -> u64 {
    let since = time.map(|time| time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default());
    since.map_or(0, |since| u64::try_from(since.as_nanos()).unwrap_or(u64::MAX).max(1))
}

impl Writer {
    /// The newest table, to be changed; an empty one if there is no value yet.
    ///
    /// # Errors
    /// [`Code::Type`](crate::Code::Type): the value is not a table.
    /// [`Code::Corrupt`](crate::Code::Corrupt); [`Code::Invalid`](crate::Code::Invalid) for other
    /// options than the table's. And those of [`Writer::update`].
    pub fn table(&mut self, options: &TableOptions) -> Result<Table<'_>> {
        let mut raw = ptr::null_mut();
        // SAFETY: open; options with their size.
        check(unsafe { sys::mms_table_begin(self.as_ptr(), &options.raw, &mut raw) })?;
        Ok(Table { raw: NonNull::new(raw).expect("a handle"), _writer: PhantomData })
    }
}

/// Changes of a table. They are published together by [`Table::commit`], or not at all.
pub struct Table<'w> {
    raw: NonNull<sys::mms_table>,
    _writer: PhantomData<&'w mut Writer>,
}

// SAFETY: the exclusive use of a writer, which may move.
unsafe impl Send for Table<'_> {}

impl Drop for Table<'_> {
    fn drop(&mut self) {
        // SAFETY: begun, and neither committed nor aborted.
        unsafe { sys::mms_table_abort(self.raw.as_ptr()) };
    }
}

impl Table<'_> {
    /// Store a copy of the value, replacing the key's last one if it has one.
    ///
    /// # Errors
    /// [`Code::TooBig`](crate::Code::TooBig): the key is longer than [`KEY_MAX`], or the table
    /// would be larger than the region's `max_size`; `ENOSPC`.
    pub fn put(&mut self, key: impl AsRef<[u8]>, value: impl AsRef<[u8]>) -> Result<()> {
        let (key, value) = (key.as_ref(), value.as_ref());
        // SAFETY: the bytes of two slices.
        check(unsafe {
            let (key, key_size) = (key.as_ptr().cast(), key.len());
            sys::mms_table_put(self.raw.as_ptr(), key, key_size, value.as_ptr().cast(), value.len())
        })
    }

    /// The same without a value: room for it, with anything in it, to be filled.
    pub fn reserve(&mut self, key: impl AsRef<[u8]>, size: usize) -> Result<&mut [u8]> {
        let key = key.as_ref();
        let mut value = ptr::null_mut();
        // SAFETY: the bytes of a slice.
        check(unsafe {
            let (data, length) = (key.as_ptr().cast(), key.len());
            sys::mms_table_reserve(self.raw.as_ptr(), data, length, size, &mut value)
        })?;
        if size == 0 {
            return Ok(&mut []);
        }
        // SAFETY: until the next call for this table, which the borrow puts off.
        Ok(unsafe { slice::from_raw_parts_mut(value.cast(), size) })
    }

    /// Store many, as [`put`](Table::put) does, but fetch memory ahead. Stops at the first that fails.
    pub fn put_many<K: AsRef<[u8]>, V: AsRef<[u8]>>(&mut self, entries: &[(K, V)]) -> Result<()> {
        let key = |(k, _): &(K, V)| {
            let bytes = k.as_ref();
            sys::mms_key { data: bytes.as_ptr().cast(), size: bytes.len() }
        };
        let value = |(_, v): &(K, V)| {
            let bytes = v.as_ref();
            sys::mms_value { data: bytes.as_ptr().cast(), size: bytes.len() }
        };
        let keys: Vec<_> = entries.iter().map(key).collect();
        let values: Vec<_> = entries.iter().map(value).collect();
        // SAFETY: the bytes of slices, as many keys as values.
        check(unsafe {
            let (keys, values) = (keys.as_ptr(), values.as_ptr());
            sys::mms_table_put_many(self.raw.as_ptr(), entries.len(), keys, values, ptr::null_mut())
        })
    }

    /// Remove a key.
    ///
    /// # Errors
    /// [`Code::NotFound`](crate::Code::NotFound).
    pub fn delete(&mut self, key: impl AsRef<[u8]>) -> Result<()> {
        let key = key.as_ref();
        let (data, size) = (key.as_ptr().cast(), key.len());
        // SAFETY: the bytes of a slice.
        check(unsafe { sys::mms_table_delete(self.raw.as_ptr(), data, size) })
    }

    /// Remove all entries.
    pub fn clear(&mut self) -> Result<()> {
        // SAFETY: begun.
        check(unsafe { sys::mms_table_clear(self.raw.as_ptr()) })
    }

    /// When entries that are put from here on expire; `None`: never.
    ///
    /// # Errors
    /// [`Code::Invalid`](crate::Code::Invalid): the table was not created as expiring.
    pub fn set_expiry(&mut self, time: Option<SystemTime>) -> Result<()> {
        // SAFETY: begun.
        check(unsafe { sys::mms_table_set_expiry(self.raw.as_ptr(), nanoseconds(time)) })
    }

    /// What would be published now.
    pub fn view(&self) -> Result<TableView<'_>> {
        let mut raw = empty_view();
        // SAFETY: begun; the view borrows from the table, so nothing changes meanwhile.
        check(unsafe { sys::mms_table_current(self.raw.as_ptr(), &mut raw) })?;
        Ok(TableView { raw, _bytes: PhantomData })
    }

    /// Publish the changes, as one generation.
    pub fn commit(self) -> Result<Receipt> {
        let mut receipt = MaybeUninit::uninit();
        // SAFETY: begun.
        check(unsafe { sys::mms_table_commit(self.raw.as_ptr(), receipt.as_mut_ptr()) })?;
        std::mem::forget(self);
        // SAFETY: filled on success.
        Ok(Receipt::of(unsafe { receipt.assume_init_ref() }))
    }
}

fn empty_view() -> sys::mms_table_view {
    // SAFETY: zeros are a value of it.
    unsafe { sys::zeroed() }
}

impl View<'_> {
    /// The table that this value is. Cheap.
    ///
    /// # Errors
    /// [`Code::Type`](crate::Code::Type): it is not one. [`Code::Corrupt`](crate::Code::Corrupt),
    /// [`Code::Version`](crate::Code::Version).
    pub fn table(&self) -> Result<TableView<'_>> {
        let mut raw = empty_view();
        // SAFETY: a view that is held.
        check(unsafe { sys::mms_table_of(&self.to_raw(), &mut raw) })?;
        Ok(TableView { raw, _bytes: PhantomData })
    }
}

/// One consistent state of all keys. Look-ups trust no byte: in a damaged table a key is not there
/// or has another value, and nothing else happens.
pub struct TableView<'v> {
    raw: sys::mms_table_view,
    _bytes: PhantomData<&'v [u8]>,
}

// SAFETY: look-ups are pure functions of bytes that do not change.
unsafe impl Send for TableView<'_> {}
// SAFETY: as above.
unsafe impl Sync for TableView<'_> {}

/// # Safety
/// `data` is null, or `size` bytes that stay as they are for `'v`.
unsafe fn bytes<'v>(data: *const c_void, size: usize) -> &'v [u8] {
    if size == 0 {
        return &[];
    }
    // SAFETY: the caller's contract; size is 0 with null.
    unsafe { slice::from_raw_parts(data.cast(), size) }
}

impl<'v> TableView<'v> {
    /// The key's value, in place; aligned to 16.
    #[inline]
    pub fn get(&self, key: impl AsRef<[u8]>) -> Option<&'v [u8]> {
        let key = key.as_ref();
        let mut size = 0;
        // SAFETY: the bytes of a slice, and a view whose bytes stay.
        let data =
            unsafe { sys::mms_table_get(&self.raw, key.as_ptr().cast(), key.len(), &mut size) };
        // SAFETY: within the view.
        (!data.is_null()).then(|| unsafe { bytes(data, size) })
    }

    /// Many at a time, in the order of the keys. Memory is fetched ahead, so in a large table each
    /// takes a fraction of the time of a single look-up.
    pub fn get_many<K: AsRef<[u8]>>(&self, keys: &[K]) -> Vec<Option<&'v [u8]>> {
        // One call of as_ref: another may give other bytes.
        let key = |k: &K| {
            let bytes = k.as_ref();
            sys::mms_key { data: bytes.as_ptr().cast(), size: bytes.len() }
        };
        let keys: Vec<_> = keys.iter().map(key).collect();
        let mut values = vec![sys::mms_value { data: ptr::null(), size: 0 }; keys.len()];
        // SAFETY: as many keys as values.
        unsafe {
            let (keys, out) = (keys.as_ptr(), values.as_mut_ptr());
            sys::mms_table_get_many(&self.raw, values.len(), keys, out);
        }
        // SAFETY: within the view.
        let value =
            |v: &sys::mms_value| (!v.data.is_null()).then(|| unsafe { bytes(v.data, v.size) });
        values.iter().map(value).collect()
    }

    /// How many entries there are, with those that have expired and were not removed yet.
    pub fn len(&self) -> u64 {
        // SAFETY: a view whose bytes stay.
        unsafe { sys::mms_table_count(&self.raw) }
    }

    /// Whether there are no entries.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What the table is and holds.
    pub fn info(&self) -> TableInfo {
        // SAFETY: zeros are a value of it.
        let mut raw: sys::mms_table_info = unsafe { sys::zeroed() };
        // SAFETY: a view whose bytes stay.
        unsafe { sys::mms_table_describe(&self.raw, &mut raw) };
        TableInfo {
            size: raw.size,
            count: raw.count,
            bytes: raw.bytes,
            max_bytes: raw.max_bytes,
            evicted: raw.evicted,
            expired: raw.expired,
            key_size: raw.key_size,
            value_size: raw.value_size,
            type_id: raw.type_id,
            expiring: raw.expiring,
        }
    }

    /// All entries, in no particular order.
    pub fn iter(&self) -> Entries<'_, 'v> {
        Entries { view: self, cursor: sys::mms_table_cursor { bucket: 0, node: 0, slot: 0 } }
    }

    /// Check every structure.
    ///
    /// # Errors
    /// [`Code::Corrupt`](crate::Code::Corrupt).
    pub fn check(&self) -> Result<()> {
        // SAFETY: a view whose bytes stay.
        check(unsafe { sys::mms_table_check(&self.raw) })
    }
}

impl fmt::Debug for TableView<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TableView {{ {} entries }}", self.len())
    }
}

impl<'a, 'v> IntoIterator for &'a TableView<'v> {
    type Item = (&'v [u8], &'v [u8]);
    type IntoIter = Entries<'a, 'v>;

    fn into_iter(self) -> Entries<'a, 'v> {
        self.iter()
    }
}

/// The entries of a table: key and value.
pub struct Entries<'a, 'v> {
    view: &'a TableView<'v>,
    cursor: sys::mms_table_cursor,
}

impl<'v> Iterator for Entries<'_, 'v> {
    type Item = (&'v [u8], &'v [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        // SAFETY: zeros are a value of it.
        let mut entry: sys::mms_entry = unsafe { sys::zeroed() };
        // SAFETY: a view whose bytes stay.
        if !unsafe { sys::mms_table_next(&self.view.raw, &mut self.cursor, &mut entry) } {
            return None;
        }
        // SAFETY: within the view.
        Some(unsafe {
            (bytes(entry.key.data, entry.key.size), bytes(entry.value.data, entry.value.size))
        })
    }
}
