//! Standard types beyond numbers and text, and keys of more than one part.
use std::collections::*;

/// A key of two parts.
#[derive(Archive, Serialize, Deserialize, Hash, PartialEq, Eq, PartialOrd, Ord)]
struct Endpoint { host: String, port: u16 }
struct Id(u64);
#[repr(u8)]
enum Grade { Low, High = 1, Named(String) }
/// Not uuid's, but the schema's.
struct Uuid { low: u64, high: u64 }

struct Standard {
    a: NonZeroU32, b: Option<std::num::NonZero<i64>>, c: NonZeroUsize,
    d: Ipv4Addr, e: Ipv6Addr, f: IpAddr, g: SocketAddrV4, h: SocketAddrV6, i: SocketAddr, j: uuid::Timestamp,
    k: Range<u32>, l: RangeInclusive<String>, m: RangeFrom<u8>, n: RangeTo<Box<u8>>, o: RangeToInclusive<i16>, p: RangeFull,
    q: BTreeSet<Endpoint>, r: BTreeMap<IpAddr, Id>, s: BTreeSet<String>,
    t: HashMap<Endpoint, u8>, u: HashSet<Grade>, v: HashMap<Id, ()>, w: HashMap<[u8; 16], f32, ahash::RandomState>,
    x: rustc_hash::FxHashMap<u32, Vec<u8>>, y: HashSet<Option<u32>, BuildHasherDefault<FxHasher<'static, [u8; 2]>>>,
    z: VecDeque<[u16; 3]>, aa: SmallVec<[u8; 4]>, bb: ArrayVec<[u16; 2], 8>, b1: ArrayVec<[u32; 5]>, b2: ArrayVec<i8, 9>, b3: TinyVec<[[u8; 2]; 4]>, cc: ManuallyDrop<String>,
    dd: AtomicU64, ee: PhantomData<fn(&'a u8) -> Vec<(T, U)>>, ff: SmolStr, gg: Uuid, hh: HashMap<Box<str>, Duration>,
    ii: hashbrown::HashMap<u8, u8, S>, jj: FnvHashSet<u16>,
}
/// The schema's, too: no path leads to another.
struct Timestamp(u64);
