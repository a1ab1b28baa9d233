// SPDX-License-Identifier: Apache-2.0
//! Tables with keys and values of types: many keys in one region, each with an archive of rkyv 0.7.
//!
//! They are the typed tables of the C library (`mmsync/typed_table.h`), byte for byte: with the type
//! id that mmsc has given a table, programs in C and Python read and write it, too.

use crate::error::{Code, Error, Result};
use crate::reader::View;
use crate::table::{Entries, Table, TableOptions, TableView};
use crate::writer::{Receipt, Writer};
use bytecheck::CheckBytes;
use rkyv::ser::serializers::{AlignedSerializer, AllocSerializer};
use rkyv::ser::Serializer as _;
use rkyv::validation::validators::DefaultValidator;
use rkyv::{archived_root, check_archived_root, AlignedVec, Archive, Serialize};
use std::any::type_name;
use std::fmt;
use std::marker::PhantomData;
use std::mem::{align_of, size_of};
use std::time::SystemTime;

/// What can be a key: its bytes are those of its archive, or the text itself, and they are equal if
/// and only if the keys are.
pub trait Key {
    /// A key as a table gives it.
    type Stored<'v>;

    /// Lend the bytes that stand for the key.
    fn with_bytes<R>(&self, use_them: impl FnOnce(&[u8]) -> R) -> R;

    /// The key that bytes stand for; `None` if they stand for none.
    fn from_bytes(bytes: &[u8]) -> Option<Self::Stored<'_>>;
}

macro_rules! integers {
    ($($integer:ty)*) => {
        $(impl Key for $integer {
            type Stored<'v> = $integer;

            #[inline]
            fn with_bytes<R>(&self, use_them: impl FnOnce(&[u8]) -> R) -> R {
                use_them(&self.to_ne_bytes())
            }

            #[inline]
            fn from_bytes(bytes: &[u8]) -> Option<$integer> {
                Some(<$integer>::from_ne_bytes(bytes.try_into().ok()?))
            }
        })*
    };
}
integers! { u8 u16 u32 u64 u128 i8 i16 i32 i64 i128 }

impl<const N: usize> Key for [u8; N] {
    type Stored<'v> = [u8; N];

    fn with_bytes<R>(&self, use_them: impl FnOnce(&[u8]) -> R) -> R {
        use_them(self)
    }

    fn from_bytes(bytes: &[u8]) -> Option<[u8; N]> {
        bytes.try_into().ok()
    }
}

macro_rules! texts {
    ($($text:ty)*) => {
        $(impl Key for $text {
            type Stored<'v> = &'v str;

            fn with_bytes<R>(&self, use_them: impl FnOnce(&[u8]) -> R) -> R {
                use_them(self.as_bytes())
            }

            fn from_bytes(bytes: &[u8]) -> Option<&str> {
                std::str::from_utf8(bytes).ok()
            }
        })*
    };
}
texts! { str String Box<str> &str }

impl Writer {
    /// The newest table, to be changed by keys of type `K` and values of type `V`; an empty one if
    /// there is no value yet. Name the type with [`TableOptions::type_id`], so that a table of other
    /// types is refused.
    ///
    /// # Errors
    /// Those of [`Writer::table`].
    pub fn typed_table<K: Key + ?Sized, V>(
        &mut self, options: &TableOptions,
    ) -> Result<TypedTable<'_, K, V>> {
        let table = self.table(options)?;
        Ok(TypedTable { table, buffer: AlignedVec::new(), types: PhantomData })
    }
}

impl View<'_> {
    /// The table that this value is, with keys of type `K` and values of type `V`. Cheap: values are
    /// checked when they are looked up.
    ///
    /// # Errors
    /// Those of [`View::table`].
    pub fn typed_table<K: Key + ?Sized, V>(&self) -> Result<TypedTableView<'_, K, V>> {
        Ok(TypedTableView { view: self.table()?, types: PhantomData })
    }
}

/// Changes of a typed table. They are published together by [`TypedTable::commit`], or not at all.
pub struct TypedTable<'w, K: ?Sized, V> {
    table: Table<'w>,
    buffer: AlignedVec,
    types: PhantomData<fn(&K) -> V>,
}

impl<K: Key + ?Sized, V> TypedTable<'_, K, V> {
    /// Store an archive of the value, replacing the key's last one if it has one. A put that fails stores
    /// nothing.
    ///
    /// # Errors
    /// Those of [`Table::put`]; [`Code::Invalid`] if the value's own implementation of `Serialize`
    /// fails.
    pub fn put(&mut self, key: &K, value: &V) -> Result<()>
    where
        V: Serialize<AllocSerializer<1024>>,
    {
        let mut buffer = std::mem::take(&mut self.buffer);
        buffer.clear();
        let mut serializer = AllocSerializer::<1024>::new(
            AlignedSerializer::new(buffer),
            Default::default(),
            Default::default(),
        );
        serializer.serialize_value(value).map_err(|why| {
            Error::new(Code::Invalid, format!("putting a {}: {why}", type_name::<V>()))
        })?;
        self.buffer = serializer.into_serializer().into_inner();
        let Self { table, buffer, .. } = self;
        key.with_bytes(|key| table.put(key, &*buffer))
    }

    /// Remove a key.
    ///
    /// # Errors
    /// [`Code::NotFound`].
    pub fn delete(&mut self, key: &K) -> Result<()> {
        key.with_bytes(|key| self.table.delete(key))
    }

    /// Remove all entries.
    pub fn clear(&mut self) -> Result<()> {
        self.table.clear()
    }

    /// When entries that are put from here on expire; `None`: never.
    ///
    /// # Errors
    /// [`Code::Invalid`]: the table was not created as expiring.
    pub fn set_expiry(&mut self, time: Option<SystemTime>) -> Result<()> {
        self.table.set_expiry(time)
    }

    /// What would be published now.
    pub fn view(&self) -> Result<TypedTableView<'_, K, V>> {
        Ok(TypedTableView { view: self.table.view()?, types: PhantomData })
    }

    /// Publish the changes, as one generation.
    pub fn commit(self) -> Result<Receipt> {
        self.table.commit()
    }
}

/// One consistent state of all keys, typed.
pub struct TypedTableView<'v, K: ?Sized, V> {
    view: TableView<'v>,
    types: PhantomData<fn(&K) -> V>,
}

/// The library aligns values to this.
const VALUE_ALIGNMENT: usize = 16;

fn no_value<V>(why: impl fmt::Display) -> Error {
    let detail = format!("looking up a {}: what is stored is none: {why}", type_name::<V>());
    Error::new(Code::Corrupt, detail)
}

fn check_value<V>(bytes: &[u8]) -> Result<&V::Archived>
where
    V: Archive,
    V::Archived: for<'b> CheckBytes<DefaultValidator<'b>>,
{
    const { assert!(align_of::<V::Archived>() <= VALUE_ALIGNMENT) };
    check_archived_root::<V>(bytes).map_err(no_value::<V>)
}

impl<'v, K: Key + ?Sized, V: Archive> TypedTableView<'v, K, V> {
    /// The key's value, in place. Its bytes are checked, in time that depends on them alone.
    ///
    /// # Errors
    /// [`Code::Corrupt`]: they are not an archive of `V`.
    pub fn get(&self, key: &K) -> Result<Option<&'v V::Archived>>
    where
        V::Archived: for<'b> CheckBytes<DefaultValidator<'b>>,
    {
        key.with_bytes(|key| self.view.get(key)).map(check_value::<V>).transpose()
    }

    /// The same without a check.
    ///
    /// # Errors
    /// [`Code::Corrupt`]: there are fewer bytes than `V::Archived` has.
    ///
    /// # Safety
    /// Whatever is stored is an archive of `V`.
    #[inline]
    pub unsafe fn get_unchecked(&self, key: &K) -> Result<Option<&'v V::Archived>> {
        const { assert!(align_of::<V::Archived>() <= VALUE_ALIGNMENT) };
        match key.with_bytes(|key| self.view.get(key)) {
            Some(bytes) if bytes.len() < size_of::<V::Archived>() => {
                Err(no_value::<V>(format_args!("{} bytes are too few", bytes.len())))
            }
            // SAFETY: the caller's contract.
            found => Ok(found.map(|bytes| unsafe { archived_root::<V>(bytes) })),
        }
    }

    /// How many entries there are, with those that have expired and were not removed yet.
    pub fn len(&self) -> u64 {
        self.view.len()
    }

    /// Whether there are no entries.
    pub fn is_empty(&self) -> bool {
        self.view.is_empty()
    }

    /// All entries, in no particular order: key and value, or [`Code::Corrupt`] for what is no such
    /// entry.
    pub fn iter(&self) -> TypedEntries<'_, 'v, K, V> {
        TypedEntries { entries: self.view.iter(), types: PhantomData }
    }

    /// The table below, of bytes.
    pub fn bytes(&self) -> &TableView<'v> {
        &self.view
    }
}

impl<K: ?Sized, V> fmt::Debug for TypedTableView<'_, K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TypedTableView<{}, {}> of ", type_name::<K>(), type_name::<V>())?;
        self.view.fmt(f)
    }
}

/// The entries of a typed table.
pub struct TypedEntries<'a, 'v, K: ?Sized, V> {
    entries: Entries<'a, 'v>,
    types: PhantomData<fn(&K) -> V>,
}

impl<'v, K, V> Iterator for TypedEntries<'_, 'v, K, V>
where
    K: Key + ?Sized,
    V: Archive,
    V::Archived: for<'b> CheckBytes<DefaultValidator<'b>> + 'v,
{
    type Item = Result<(K::Stored<'v>, &'v V::Archived)>;

    fn next(&mut self) -> Option<Self::Item> {
        let (key, value) = self.entries.next()?;
        let Some(key) = K::from_bytes(key) else {
            let detail =
                format!("going through a table: {} bytes are no {}", key.len(), type_name::<K>());
            return Some(Err(Error::new(Code::Corrupt, detail)));
        };
        Some(check_value::<V>(value).map(|value| (key, value)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_comes_back_from_its_bytes() {
        assert_eq!(7u64.with_bytes(|bytes| u64::from_bytes(bytes)), Some(7));
        assert_eq!((-7i128).with_bytes(|bytes| i128::from_bytes(bytes)), Some(-7));
        assert_eq!([1u8, 2].with_bytes(|bytes| <[u8; 2]>::from_bytes(bytes)), Some([1, 2]));
        "tea".with_bytes(|bytes| assert_eq!(str::from_bytes(bytes), Some("tea")));
        assert_eq!(u32::from_bytes(&[1, 2, 3]), None);
        assert_eq!(str::from_bytes(&[0xff]), None);
    }
}
