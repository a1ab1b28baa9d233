// SPDX-License-Identifier: Apache-2.0
//! iceoryx2's blackboard, and its events for readers that wait. A value is a Rust type that is passed on the stack, so
//! sizes are fixed at compile time, and large ones are not possible.
#[path = "../../abi.rs"]
mod abi;

use abi::*;
use iceoryx2::port::listener::Listener;
use iceoryx2::port::notifier::Notifier;
use iceoryx2::port::reader::{EntryHandle, Reader};
use iceoryx2::port::writer::{EntryHandleMut, Writer};
use iceoryx2::prelude::*;
use iceoryx2::service::port_factory::blackboard::PortFactory;
use std::cell::RefCell;
use std::ffi::{c_int, c_void};
use std::rc::{Rc, Weak};

type Key = u64;
type Error = Box<dyn std::error::Error>;

/// Fields are dropped in this order.
struct Publisher<const N: usize> {
    entry: EntryHandleMut<ipc::Service, Key, [u8; N]>,
    _writer: Writer<ipc::Service, Key>,
    notifier: Option<Notifier<ipc::Service>>,
    _node: Node<ipc::Service>,
}

/// What all readers of a process share.
struct Client {
    service: PortFactory<ipc::Service, Key>,
    node: Node<ipc::Service>,
    name: ServiceName,
}

struct Watcher<const N: usize> {
    entry: EntryHandle<ipc::Service, Key, [u8; N]>,
    _reader: Reader<ipc::Service, Key>,
    listener: Option<Listener<ipc::Service>>,
    _client: Rc<Client>,
}

trait Publish {
    fn publish(&self, data: &[u8]) -> Result<(), Error>;
}

trait Watch {
    fn read(&self, times: usize) -> u64;
    fn touch(&self) -> u64;
    fn wait(&self) -> Result<(), Error>;
}

impl<const N: usize> Publish for Publisher<N> {
    fn publish(&self, data: &[u8]) -> Result<(), Error> {
        self.entry.update_with_copy(data.try_into()?);
        if let Some(notifier) = &self.notifier {
            notifier.notify()?;
        }
        Ok(())
    }
}

impl<const N: usize> Watch for Watcher<N> {
    fn read(&self, times: usize) -> u64 {
        (0..times).map(|_| u64::from(version_of(&*self.entry.get()))).sum()
    }
    fn touch(&self) -> u64 {
        let value = self.entry.get();
        touch_pages(&*value);
        u64::from(version_of(&*value))
    }
    fn wait(&self) -> Result<(), Error> {
        self.listener.as_ref().ok_or("without events")?.blocking_wait(|_| {}).map(|_| ()).map_err(Error::from)
    }
}

/// All of its files in the run's own directory, but for the shared memory, whose names get a prefix of their own.
fn node(place: &Place) -> Result<(Node<ipc::Service>, ServiceName), Error> {
    let directory = place.path("i");
    let mut config = Config::default();
    set_log_level(LogLevel::Error);
    std::fs::create_dir_all(&directory)?;
    // Short: the path of its sockets ends at some hundred bytes. The driver knows this rule, to clean up.
    let run = directory.parent().and_then(|path| path.file_name()).unwrap_or_default().to_string_lossy().into_owned();
    let prefix = format!("{}_", &run[run.len().saturating_sub(8)..]);
    config.global.prefix = FileName::new(prefix.as_bytes())?;
    config.global.set_root_path(&Path::new(directory.to_str().ok_or("an odd path")?.as_bytes())?);
    let name = ServiceName::new(directory.to_str().ok_or("an odd path")?)?;
    Ok((NodeBuilder::new().config(&config).create::<ipc::Service>()?, name))
}

fn publisher<const N: usize>(place: &Place) -> Result<Box<dyn Publish>, Error> {
    let (node, name) = node(place)?;
    let readers = place.readers as usize;
    let service = node
        .service_builder(&name)
        .blackboard_creator::<Key>()
        .max_readers(readers)
        .max_nodes(readers)
        .add::<[u8; N]>(0, [0; N])
        .create()?;
    let writer = service.writer_builder().create()?;
    let entry = writer.entry::<[u8; N]>(&0)?;
    // A service of its own, which costs a system call for each publish: only where somebody waits.
    let notifier = match place.waits {
        true => Some(node.service_builder(&name).event().open_or_create()?.notifier_builder().create()?),
        false => None,
    };
    Ok(Box::new(Publisher { entry, _writer: writer, notifier, _node: node }))
}

thread_local! {
    static CLIENT: RefCell<Weak<Client>> = const { RefCell::new(Weak::new()) };
}

fn client(place: &Place) -> Result<Rc<Client>, Error> {
    if let Some(client) = CLIENT.with_borrow(Weak::upgrade) {
        return Ok(client);
    }
    let (node, name) = node(place)?;
    let service = node.service_builder(&name).blackboard_opener::<Key>().open()?;
    let client = Rc::new(Client { service, node, name });
    CLIENT.set(Rc::downgrade(&client));
    Ok(client)
}

fn watcher<const N: usize>(place: &Place) -> Result<Box<dyn Watch>, Error> {
    let client = client(place)?;
    let reader = client.service.reader_builder().create()?;
    let entry = reader.entry::<[u8; N]>(&0)?;
    let listener = match place.waits {
        true => Some(client.node.service_builder(&client.name).event().open_or_create()?.listener_builder().create()?),
        false => None,
    };
    Ok(Box::new(Watcher { entry, _reader: reader, listener, _client: client }))
}

static mut WRITER: Option<Box<dyn Publish>> = None;

extern "C" fn create(place: &Place) -> c_int {
    let made = match place.max_size {
        36 => publisher::<36>(place),
        1024 => publisher::<1024>(place),
        32768 => publisher::<32768>(place),
        size => Err(format!("values of {size} bytes: sizes are fixed at compile time, and values are passed on the stack").into()),
    };
    match made {
        Ok(writer) => {
            unsafe { WRITER = Some(writer) };
            0
        }
        Err(error) => fail(error),
    }
}

extern "C" fn destroy() {
    unsafe { WRITER = None };
}

#[allow(static_mut_refs)]
extern "C" fn write(data: *const u8, size: usize) -> c_int {
    let data = unsafe { std::slice::from_raw_parts(data, size) };
    unsafe { WRITER.as_ref().expect("created") }.publish(data).map_or_else(fail, |()| 0)
}

extern "C" fn reader_open(place: &Place) -> *mut c_void {
    let made = match place.max_size {
        36 => watcher::<36>(place),
        1024 => watcher::<1024>(place),
        32768 => watcher::<32768>(place),
        _ => Err("another size".into()),
    };
    match made {
        Ok(watcher) => Box::into_raw(Box::new(watcher)).cast(),
        Err(error) => {
            fail(error);
            std::ptr::null_mut()
        }
    }
}

fn watcher_of<'a>(reader: *mut c_void) -> &'a dyn Watch {
    unsafe { &**reader.cast::<Box<dyn Watch>>() }
}

extern "C" fn reader_close(reader: *mut c_void) {
    drop(unsafe { Box::from_raw(reader.cast::<Box<dyn Watch>>()) });
}

extern "C" fn read(reader: *mut c_void, times: usize) -> u64 {
    watcher_of(reader).read(times)
}

extern "C" fn touch(reader: *mut c_void, _: usize) -> u64 {
    watcher_of(reader).touch()
}

extern "C" fn wait(reader: *mut c_void, _: u32) -> c_int {
    watcher_of(reader).wait().map_or_else(fail, |()| 0)
}

#[no_mangle]
pub extern "C" fn bench_contestant() -> &'static Contestant {
    static CONTESTANT: Contestant = Contestant {
        abi: ABI,
        flags: 0,
        name: c"iceoryx2".as_ptr(),
        version,
        detail,
        prepare: None,
        create,
        destroy: Some(destroy),
        write: Some(write),
        write_typed: None,
        begin: None,
        commit: None,
        reader_open,
        reader_close,
        read: Some(read),
        read_checked: None,
        touch: Some(touch),
        wait: Some(wait),
        table_build: None,
        table_find: None,
        records: NO_PARTS,
        entries: NO_PARTS,
        keys: NO_KEYS,
    };
    &CONTESTANT
}
