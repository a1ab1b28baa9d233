// SPDX-License-Identifier: Apache-2.0
//! Errors: a code, and the C library's sentence about what failed, why, and what to do.

use mmsync_sys as sys;
use std::ffi::{c_int, CStr};
use std::{error, fmt, io};

/// The result of a call of this crate.
pub type Result<T> = std::result::Result<T, Error>;

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $value:path,)*) => {
        /// What kind of error it is: those of the C library, and those of the system.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Code {
            $($(#[$doc])* $name,)*
            /// An error of a system call, as `errno` has it.
            Os(i32),
            /// A code that this version does not know.
            Unknown(i32),
        }

        impl Code {
            fn from_raw(code: c_int) -> Self {
                match code {
                    $($value => Code::$name,)*
                    -4095..=-1 => Code::Os(-code),
                    other => Code::Unknown(other),
                }
            }

            /// The number that the C library has for it.
            pub fn as_raw(self) -> i32 {
                match self {
                    $(Code::$name => $value,)*
                    Code::Os(errno) => errno.wrapping_neg(),
                    Code::Unknown(other) => other,
                }
            }
        }
    };
}

codes! {
    /// The region holds no value yet.
    Empty = sys::MMS_E_EMPTY,
    /// Another writer has the region.
    Busy = sys::MMS_E_BUSY,
    /// Every slot is held by live readers.
    Again = sys::MMS_E_AGAIN,
    /// The view was taken away: discard what you read.
    Evicted = sys::MMS_E_EVICTED,
    /// The region was removed.
    Gone = sys::MMS_E_GONE,
    /// The handle belongs to the parent process.
    Forked = sys::MMS_E_FORKED,
    /// The value has another type.
    Type = sys::MMS_E_TYPE,
    /// The reader table is full.
    Full = sys::MMS_E_FULL,
    /// The size is over the limit.
    TooBig = sys::MMS_E_TOO_BIG,
    /// The path does not lead to a region.
    NotRegion = sys::MMS_E_NOT_REGION,
    /// The region, or the value, is damaged.
    Corrupt = sys::MMS_E_CORRUPT,
    /// The region has a newer format.
    Version = sys::MMS_E_VERSION,
    /// The region was made with another byte order.
    ByteOrder = sys::MMS_E_BYTE_ORDER,
    /// The file system is not supported.
    Filesystem = sys::MMS_E_FILESYSTEM,
    /// The region exists with another geometry.
    Geometry = sys::MMS_E_GEOMETRY,
    /// The reader holds no view.
    NoView = sys::MMS_E_NO_VIEW,
    /// The wait timed out.
    Timeout = sys::MMS_E_TIMEOUT,
    /// The region has no generations left.
    Exhausted = sys::MMS_E_EXHAUSTED,
    /// An argument is not valid.
    Invalid = sys::MMS_E_INVALID,
    /// The region is open without the right to pin: only copies can be read.
    ReadOnly = sys::MMS_E_READ_ONLY,
    /// What has changed since then is not known.
    Forgotten = sys::MMS_E_FORGOTTEN,
    /// There is no such key.
    NotFound = sys::MMS_E_NOT_FOUND,
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // SAFETY: static text for any code.
        f.write_str(&unsafe { CStr::from_ptr(sys::mms_strerror(self.as_raw())) }.to_string_lossy())
    }
}

/// A failed call: its [`Code`], and a detail that says what was being done, to which path, why it
/// failed and what to do, which is also how it is displayed.
#[derive(Clone, PartialEq, Eq)]
pub struct Error {
    code: Code,
    detail: Box<str>,
}

impl Error {
    /// Of the C call that has just returned `code` in this thread.
    #[cold]
    pub(crate) fn last(code: c_int) -> Self {
        // SAFETY: never null, and valid until this thread's next failing call.
        let detail = unsafe { CStr::from_ptr(sys::mms_last_error()) }.to_string_lossy();
        Error { code: Code::from_raw(code), detail: detail.into() }
    }

    #[cold]
    pub(crate) fn new(code: Code, detail: impl Into<Box<str>>) -> Self {
        Error { code, detail: detail.into() }
    }

    /// What kind of error it is.
    pub fn code(&self) -> Code {
        self.code
    }

    /// What was being done, to which path, why it failed and what to do.
    pub fn detail(&self) -> &str {
        &self.detail
    }
}

/// `Ok` for 0, else the error of the C call that returned `code`.
#[inline(always)]
pub(crate) fn check(code: c_int) -> Result<()> {
    if code == 0 {
        Ok(())
    } else {
        Err(Error::last(code))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.detail)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.code, self.detail)
    }
}

impl error::Error for Error {}

impl From<Error> for io::Error {
    /// Keeps the kind, and the detail as the text.
    fn from(error: Error) -> Self {
        let kind = match error.code {
            Code::Os(errno) => io::Error::from_raw_os_error(errno).kind(),
            Code::Empty | Code::NotFound | Code::Gone => io::ErrorKind::NotFound,
            Code::Again | Code::Busy | Code::Full => io::ErrorKind::WouldBlock,
            Code::Timeout => io::ErrorKind::TimedOut,
            Code::Invalid | Code::Geometry | Code::TooBig => io::ErrorKind::InvalidInput,
            Code::Corrupt | Code::Type | Code::NotRegion => io::ErrorKind::InvalidData,
            Code::ReadOnly => io::ErrorKind::PermissionDenied,
            _ => io::ErrorKind::Other,
        };
        io::Error::new(kind, error)
    }
}
