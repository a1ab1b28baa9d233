// SPDX-License-Identifier: Apache-2.0
//! Constants of the headers. The build compares each with C's.
#![allow(missing_docs)]

use std::ffi::c_int;

pub const MMS_E_EMPTY: c_int = -5001;
pub const MMS_E_BUSY: c_int = -5002;
pub const MMS_E_AGAIN: c_int = -5003;
pub const MMS_E_EVICTED: c_int = -5004;
pub const MMS_E_GONE: c_int = -5005;
pub const MMS_E_FORKED: c_int = -5006;
pub const MMS_E_TYPE: c_int = -5007;
pub const MMS_E_FULL: c_int = -5008;
pub const MMS_E_TOO_BIG: c_int = -5009;
pub const MMS_E_NOT_REGION: c_int = -5010;
pub const MMS_E_CORRUPT: c_int = -5011;
pub const MMS_E_VERSION: c_int = -5012;
pub const MMS_E_BYTE_ORDER: c_int = -5013;
pub const MMS_E_FILESYSTEM: c_int = -5014;
pub const MMS_E_GEOMETRY: c_int = -5015;
pub const MMS_E_NO_VIEW: c_int = -5016;
pub const MMS_E_TIMEOUT: c_int = -5017;
pub const MMS_E_EXHAUSTED: c_int = -5018;
pub const MMS_E_INVALID: c_int = -5019;
pub const MMS_E_READ_ONLY: c_int = -5020;
pub const MMS_E_FORGOTTEN: c_int = -5021;
pub const MMS_E_NOT_FOUND: c_int = -5022;

pub const MMS_FOREVER: c_int = -1;
pub const MMS_NO_WAIT: c_int = -2;

pub const MMS_FENCE_AUTO: u32 = 0;
pub const MMS_FENCE_SYMMETRIC: u32 = 1;
pub const MMS_FENCE_ASYMMETRIC: u32 = 2;
pub const MMS_HUGE_PAGES_AUTO: u32 = 0;
pub const MMS_HUGE_PAGES_OFF: u32 = 1;
pub const MMS_HUGE_PAGES_ON: u32 = 2;
pub const MMS_REFUSE: u32 = 0;
pub const MMS_EVICT: u32 = 1;
pub const MMS_TRACK_TOUCHES: u32 = 0;
pub const MMS_TRACK_PAGES: u32 = 1;
pub const MMS_TRACK_AUTO: u32 = 2;

pub const MMS_TABLE_KEY_MAX: usize = 65536;

// What inline reads need (mmsync/fast.h, mmsync/pin.h).
pub const MMS__READY: u32 = 1;
pub const MMS__HELD: u32 = 2;
pub const MMS__READY_SLOW: u32 = 3;
pub const MMS__HELD_SLOW: u32 = 4;
pub const MMS__SLOT_BITS: u32 = 16;
pub const MMS__IDLE: u64 = 0;
pub const MMS__EXACT: u64 = 1;
