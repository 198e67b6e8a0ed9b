//! Other people's programs: found, started, listened to, and ended in time whatever happens.

use std::env;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

/// Set and not empty: a missing program fails the test instead of skipping it.
pub const REQUIRE_ALL: &str = "MTLS_TEST_REQUIRE_ALL";

/// A program of the system's.
#[derive(Clone, Debug)]
pub struct Program(PathBuf);

impl Program {
    pub fn base64() -> Option<Self> {
        Self::find("base64", "coreutils")
    }

    pub fn certtool() -> Option<Self> {
        Self::find("certtool", "gnutls-bin")
    }

    pub fn cfssl() -> Option<Self> {
        Self::find("cfssl", "golang-cfssl")
    }

    pub fn curl() -> Option<Self> {
        Self::find("curl", "curl")
    }

    /// Debian keeps it outside the path.
    pub fn easy_rsa() -> Option<Self> {
        Self::find_beside("easyrsa", &["/usr/share/easy-rsa"], "easy-rsa")
    }

    /// What RabbitMQ's runtime registers with; it comes with that package.
    pub fn epmd() -> Option<Self> {
        Self::find("epmd", "rabbitmq-server")
    }

    pub fn go() -> Option<Self> {
        Self::find("go", "golang-go")
    }

    /// Its compiler comes with it, so that it runs a source of one file.
    pub fn java() -> Option<Self> {
        Self::find("java", "default-jre-headless")
    }

    pub fn keytool() -> Option<Self> {
        Self::find("keytool", "default-jre-headless")
    }

    /// The jar with the provider of BouncyCastle, for `keytool -providerpath`.
    pub fn bouncy_castle() -> Option<&'static str> {
        const JAR: &str = "/usr/share/java/bcprov.jar";
        if Path::new(JAR).is_file() {
            return Some(JAR);
        }
        missing("file", JAR, "apt-get install libbcprov-java");
        None
    }

    /// Debian keeps it outside the path of ordinary users.
    pub fn mosquitto() -> Option<Self> {
        Self::find_beside("mosquitto", &["/usr/sbin"], "mosquitto")
    }

    /// Debian keeps it outside the path of ordinary users.
    pub fn nginx() -> Option<Self> {
        Self::find_beside("nginx", &["/usr/sbin"], "nginx-light")
    }

    pub fn node() -> Option<Self> {
        Self::find("node", "nodejs")
    }

    /// Node that finds a module: where it looks, or in the folders of `NODE_PATH`.
    pub fn node_with(module: &str) -> Option<Self> {
        let finds = |path: &Path| {
            let mut node = Command::new(path);
            let node = node.args(["-e", &format!("require('{module}')")]);
            let output = node.stdin(Stdio::null()).output();
            output.is_ok_and(|output| output.status.success())
        };
        let how = format!("npm install {module}, and NODE_PATH set to its node_modules");
        Self::find_in(search_path(), "node", &how, finds)
    }

    pub fn openssl() -> Option<Self> {
        Self::find("openssl", "openssl")
    }

    /// The other program of this package, `certutil`, is not needed: `pk12util` makes its database.
    pub fn pk12util() -> Option<Self> {
        Self::find("pk12util", "libnss3-tools")
    }

    pub fn prometheus() -> Option<Self> {
        Self::find("prometheus", "prometheus")
    }

    /// Checks and tests rules; it comes with Prometheus.
    pub fn promtool() -> Option<Self> {
        Self::find("promtool", "prometheus")
    }

    /// A Python that has Google's gRPC.
    pub fn python_with_grpc() -> Option<Self> {
        static FOUND: OnceLock<Option<Program>> = OnceLock::new();
        let find = || Self::python_with("grpc, google.protobuf", "python3-grpcio");
        FOUND.get_or_init(find).clone()
    }

    /// A Python that has the mail server aiosmtpd.
    pub fn python_with_smtp() -> Option<Self> {
        static FOUND: OnceLock<Option<Program>> = OnceLock::new();
        let find = || Self::python_with("aiosmtpd.controller", "python3-aiosmtpd");
        FOUND.get_or_init(find).clone()
    }

    /// A Python with these modules: the first on the path need not be the one that the system's
    /// packages are for.
    fn python_with(modules: &str, package: &str) -> Option<Self> {
        Self::find_that("python3", package, |path| {
            let mut python = Command::new(path);
            let python = python.args(["-c", &format!("import {modules}")]);
            let output = python.stdin(Stdio::null()).output();
            output.is_ok_and(|output| output.status.success())
        })
    }

    /// Finds `name` among the programs of a PostgreSQL server.
    pub fn postgresql(name: &str) -> Option<Self> {
        let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter();
        let folders = versions
            .flatten()
            .filter_map(|version| Some(version.ok()?.path().join("bin")));
        let folders: Vec<_> = search_path().into_iter().chain(folders).collect();
        let how = "apt-get install postgresql";
        Self::find_in(folders, name, how, Path::is_file)
    }

    /// The program itself, which any user may run, and not the wrapper on the path.
    pub fn rabbitmq_server() -> Option<Self> {
        let folder = "/usr/lib/rabbitmq/bin";
        Self::find_beside("rabbitmq-server", &[folder], "rabbitmq-server")
    }

    pub fn redis_server() -> Option<Self> {
        Self::find("redis-server", "redis-server")
    }

    pub fn setpriv() -> Option<Self> {
        Self::find("setpriv", "util-linux")
    }

    /// Debian keeps it outside the path of ordinary users.
    pub fn slapd() -> Option<Self> {
        Self::find_beside("slapd", &["/usr/sbin"], "slapd")
    }

    pub fn sscg() -> Option<Self> {
        Self::find("sscg", "sscg")
    }

    pub fn ssh_keygen() -> Option<Self> {
        Self::find("ssh-keygen", "openssh-client")
    }

    /// Makes namespaces, in which ordinary users may mount.
    pub fn unshare() -> Option<Self> {
        Self::find("unshare", "util-linux")
    }

    /// A command of this program, to add arguments to.
    pub fn command(&self) -> Command {
        Command::new(&self.0)
    }

    fn find(name: &str, package: &str) -> Option<Self> {
        Self::find_that(name, package, Path::is_file)
    }

    fn find_that(name: &str, package: &str, is_it: impl Fn(&Path) -> bool) -> Option<Self> {
        let how = format!("apt-get install {package}");
        Self::find_in(search_path(), name, &how, is_it)
    }

    /// Looks into these folders first.
    fn find_beside(name: &str, folders: &[&str], package: &str) -> Option<Self> {
        let folders = folders.iter().map(PathBuf::from).chain(search_path());
        let how = format!("apt-get install {package}");
        Self::find_in(folders, name, &how, Path::is_file)
    }

    fn find_in(
        folders: impl IntoIterator<Item = PathBuf>,
        name: &str,
        how: &str,
        is_it: impl Fn(&Path) -> bool,
    ) -> Option<Self> {
        let mut paths = folders.into_iter().map(|folder| folder.join(name));
        let found = paths.find(|path| is_it(path));
        if found.is_none() {
            missing("program", name, how);
        }
        found.map(Self)
    }
}

fn search_path() -> Vec<PathBuf> {
    env::split_paths(&env::var_os("PATH").unwrap_or_default()).collect()
}

/// Says what is missing and how to install it, or fails where everything has to be here.
fn missing(kind: &str, name: &str, how: &str) {
    let missing = format!("the {kind} `{name}` is not here: {how}");
    let required = env::var_os(REQUIRE_ALL).is_some_and(|value| !value.is_empty());
    assert!(!required, "{missing} ({REQUIRE_ALL} is set)");
    report(&format!("NOT TESTED: {missing}"));
}

/// What a program that ended, or was ended, left behind.
#[derive(Debug)]
pub struct Finished {
    /// `None`: it had to be killed at its time limit.
    pub status: Option<ExitStatus>,
    pub stdout: String,
    pub stderr: String,
}

impl Finished {
    pub fn success(&self) -> bool {
        self.status.is_some_and(|status| status.success())
    }

    /// Standard output, of a program that succeeded.
    #[track_caller]
    pub fn expect_success(self) -> String {
        assert!(self.success(), "the program failed: {self:#?}");
        self.stdout
    }
}

/// Runs a program to its end: all of `stdin` is written, then closed.
pub fn run(command: &mut Command, stdin: &[u8], limit: Duration) -> Finished {
    let mut running = Running::start(command);
    running.write(stdin);
    running.close_stdin();
    running.finish(limit)
}

/// A program at work. Dropping it kills it.
#[derive(Debug)]
pub struct Running {
    child: Child,
    stdout: Arc<Output>,
    stderr: Arc<Output>,
}

impl Running {
    pub fn start(command: &mut Command) -> Self {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("cannot start {command:?}: {error}"));
        let stdout = Output::collect(child.stdout.take().unwrap());
        let stderr = Output::collect(child.stderr.take().unwrap());
        Self {
            child,
            stdout,
            stderr,
        }
    }

    /// Process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Writes to standard input: a program that does not read does not block the caller.
    pub fn write(&mut self, bytes: &[u8]) {
        let Some(mut stdin) = self.child.stdin.take() else {
            panic!("standard input is closed");
        };
        if bytes.len() <= PIPE {
            // A program may have ended or closed its input: the caller checks its output.
            stdin.write_all(bytes).and_then(|()| stdin.flush()).ok();
            self.child.stdin = Some(stdin);
        } else {
            let bytes = bytes.to_vec();
            thread::spawn(move || stdin.write_all(&bytes));
        }
    }

    pub fn close_stdin(&mut self) {
        self.child.stdin = None;
    }

    /// The first line of standard output that contains `part`.
    #[track_caller]
    pub fn wait_for_line(&self, part: &str, limit: Duration) -> String {
        let line = self.stdout.wait_for_line(part, limit);
        line.unwrap_or_else(|| self.not_seen("output", part))
    }

    /// The first line of standard error that contains `part`.
    #[track_caller]
    pub fn wait_for_error_line(&self, part: &str, limit: Duration) -> String {
        let line = self.stderr.wait_for_line(part, limit);
        line.unwrap_or_else(|| self.not_seen("error", part))
    }

    /// Everything said on standard output so far.
    pub fn stdout(&self) -> String {
        self.stdout.text()
    }

    /// Everything said on standard error so far.
    pub fn stderr(&self) -> String {
        self.stderr.text()
    }

    /// Whether it has not ended.
    pub fn is_alive(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Waits for its end, at most so long, then kills it.
    pub fn finish(mut self, limit: Duration) -> Finished {
        let deadline = Instant::now() + limit;
        let status = loop {
            match self.child.try_wait().unwrap() {
                None if Instant::now() < deadline => thread::sleep(Duration::from_millis(5)),
                status => break status,
            }
        };
        self.end();
        Finished {
            status,
            stdout: self.stdout.text(),
            stderr: self.stderr.text(),
        }
    }

    #[track_caller]
    fn not_seen(&self, stream: &str, part: &str) -> ! {
        panic!(
            "no line with `{part}` on standard {stream} in time\n-- output:\n{}\n-- error:\n{}",
            self.stdout(),
            self.stderr()
        )
    }

    /// Kills what is left, then gives the readers a moment for what is still in the pipes.
    fn end(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
        self.stdout.wait_for_end(DRAIN);
        self.stderr.wait_for_end(DRAIN);
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.end();
    }
}

/// A number of bytes that fits into any pipe while its reader does not read.
const PIPE: usize = 4096;

/// A grandchild may hold a pipe open for ever.
const DRAIN: Duration = Duration::from_secs(2);

/// One output stream, read by a thread so that the program never blocks on it.
#[derive(Debug, Default)]
struct Output {
    read: Mutex<Text>,
    more: Condvar,
}

#[derive(Debug, Default)]
struct Text {
    bytes: Vec<u8>,
    ended: bool,
}

impl Output {
    fn collect(mut pipe: impl Read + Send + 'static) -> Arc<Self> {
        let output = Arc::new(Self::default());
        let writer = output.clone();
        thread::spawn(move || {
            let mut buffer = [0; 4096];
            loop {
                let count = pipe.read(&mut buffer).unwrap_or(0);
                let mut text = writer.read.lock().unwrap();
                text.bytes.extend_from_slice(&buffer[..count]);
                text.ended = count == 0;
                writer.more.notify_all();
                if count == 0 {
                    return;
                }
            }
        });
        output
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.read.lock().unwrap().bytes).into_owned()
    }

    fn wait_for_end(&self, limit: Duration) {
        let text = self.read.lock().unwrap();
        drop(
            self.more
                .wait_timeout_while(text, limit, |text| !text.ended),
        );
    }

    /// Whole lines only, or the last one of a stream that has ended.
    fn wait_for_line(&self, part: &str, limit: Duration) -> Option<String> {
        let deadline = Instant::now() + limit;
        let mut text = self.read.lock().unwrap();
        loop {
            if let Some(line) = text.line_with(part) {
                return Some(line);
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if text.ended || left.is_zero() {
                return None;
            }
            text = self.more.wait_timeout(text, left).unwrap().0;
        }
    }
}

impl Text {
    fn line_with(&self, part: &str) -> Option<String> {
        let text = String::from_utf8_lossy(&self.bytes);
        text.split_inclusive('\n')
            .filter(|line| line.ends_with('\n') || self.ended)
            .map(|line| line.trim_end_matches(['\r', '\n']))
            .find(|line| line.contains(part))
            .map(str::to_owned)
    }
}

/// Past the capture of the test harness, which shows nothing of a test that passes.
pub fn report(message: &str) {
    writeln!(std::io::stderr(), "{message}").ok();
}
