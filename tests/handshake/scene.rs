//! Which sides meet, in which versions, with which set-up.

use mtls::backend::BackendKind;
use mtls::{BuildError, MtlsIdentity, PeerMatcher, TrustBundles, VerifierPolicy};

use crate::common::ends::{self, End, Ends, Ready, Seen, Setup, meet};
use crate::common::pki::{Authority, Cast, Credential, Leaf};
use crate::common::raw::Version;

/// A client and a server that would get along: each test changes what it is about.
#[derive(Clone, Debug)]
pub(crate) struct Scene {
    pub(crate) cast: Cast,
    pub(crate) client: Setup,
    pub(crate) server: Setup,
    clients: Players,
    servers: Players,
    which_clients: fn(Option<BackendKind>) -> bool,
    client_relaxes: bool,
}

/// Who plays an end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Players {
    /// Facades on every backend.
    Facades,
    /// Facades on every backend, over tokio.
    Async,
    /// Raw peers, by these libraries.
    Raw(&'static [&'static str]),
}

/// Every library that raw peers are made of.
pub(crate) const ANY: &[&str] = &["rustls", "openssl"];

impl Scene {
    pub(crate) fn new() -> Self {
        let cast = Cast::assemble();
        Self {
            client: Setup::new(&cast.alice, &cast.root),
            server: Setup::new(&cast.server, &cast.root),
            cast,
            clients: Players::Facades,
            servers: Players::Facades,
            which_clients: |_| true,
            client_relaxes: false,
        }
    }

    pub(crate) fn client_presents(mut self, credential: &Credential) -> Self {
        self.client.identity = Some(credential.clone());
        self
    }

    pub(crate) fn server_presents(mut self, credential: &Credential) -> Self {
        self.server.identity = Some(credential.clone());
        self
    }

    pub(crate) fn client_trusts(mut self, authority: &Authority) -> Self {
        self.client.anchors = vec![authority.certificate()];
        self
    }

    pub(crate) fn server_trusts(mut self, authority: &Authority) -> Self {
        self.server.anchors = vec![authority.certificate()];
        self
    }

    pub(crate) fn client_asks_for(mut self, name: &'static str) -> Self {
        self.client.server_name = name;
        self
    }

    /// The server's policy; a test of the client's sets it by [`client_accepts`](Self::client_accepts).
    pub(crate) fn server_accepts(mut self, matcher: PeerMatcher) -> Self {
        self.server.policy = VerifierPolicy::allow(matcher);
        self
    }

    pub(crate) fn client_accepts(mut self, matcher: PeerMatcher) -> Self {
        self.client.policy = VerifierPolicy::allow(matcher);
        self
    }

    /// A policy with an opt-in that native-tls cannot honour: building with it must fail.
    pub(crate) fn client_relaxes(mut self, policy: VerifierPolicy) -> Self {
        self.client.policy = policy;
        self.client_relaxes = true;
        self
    }

    pub(crate) fn server_federates(mut self, bundles: TrustBundles) -> Self {
        self.server.bundles = Some(bundles);
        self
    }

    /// The bundles of a client; building a client of native-tls with them must fail.
    pub(crate) fn client_federates(mut self, bundles: TrustBundles) -> Self {
        self.client.bundles = Some(bundles);
        self.client_relaxes = true;
        self
    }

    /// The client is a raw peer by one of these libraries.
    pub(crate) fn raw_client(mut self, tools: &'static [&'static str]) -> Self {
        self.clients = Players::Raw(tools);
        self
    }

    /// The server is a raw peer by one of these libraries.
    pub(crate) fn raw_server(mut self, tools: &'static [&'static str]) -> Self {
        self.servers = Players::Raw(tools);
        self
    }

    /// As [`raw_client`](Self::raw_client), for an identity that no facade takes.
    #[track_caller]
    pub(crate) fn only_raw_client(self, tools: &'static [&'static str]) -> Self {
        assert_no_facade_takes(&self.client);
        self.raw_client(tools)
    }

    /// As [`raw_server`](Self::raw_server), for an identity that no facade takes.
    #[track_caller]
    pub(crate) fn only_raw_server(self, tools: &'static [&'static str]) -> Self {
        assert_no_facade_takes(&self.server);
        self.raw_server(tools)
    }

    /// For a case that the platform verifies by other rules: see [`only_native_tls`](Self::only_native_tls).
    pub(crate) fn without_native_tls(mut self) -> Self {
        self.which_clients = |kind| kind != Some(BackendKind::NativeTls);
        self
    }

    pub(crate) fn only_native_tls(mut self) -> Self {
        self.which_clients = |kind| kind == Some(BackendKind::NativeTls);
        self
    }

    pub(crate) fn over_tokio(mut self) -> Self {
        (self.clients, self.servers) = (Players::Async, Players::Async);
        self
    }

    pub(crate) fn clients(&self) -> Ends {
        let mut clients = match self.clients {
            Players::Facades => ends::clients(),
            #[cfg(feature = "tokio")]
            Players::Async => ends::async_clients(),
            #[cfg(not(feature = "tokio"))]
            Players::Async => panic!("tokio is not compiled in"),
            Players::Raw(tools) => ends::raw_clients(tools),
        };
        clients.retain(|client| (self.which_clients)(client.kind()));
        clients
    }

    pub(crate) fn servers(&self) -> Ends {
        match self.servers {
            Players::Facades => ends::servers(),
            #[cfg(feature = "tokio")]
            Players::Async => ends::async_servers(),
            #[cfg(not(feature = "tokio"))]
            Players::Async => panic!("tokio is not compiled in"),
            Players::Raw(tools) => ends::raw_servers(tools),
        }
    }

    /// [`clients`](Self::clients), and raw peers beside the facades: they see the alert with other eyes.
    pub(crate) fn suspects(&self) -> Ends {
        let mut ends = self.clients();
        if self.clients == Players::Facades {
            ends.extend(ends::raw_clients(ANY));
        }
        ends
    }

    /// [`servers`](Self::servers), and raw peers beside the facades.
    pub(crate) fn suspect_servers(&self) -> Ends {
        let mut ends = self.servers();
        if self.servers == Players::Facades {
            ends.extend(ends::raw_servers(ANY));
        }
        ends
    }

    /// Every client with every server in both versions.
    #[track_caller]
    pub(crate) fn play(&self, clients: &Ends, servers: &Ends, check: impl Fn(&Played<'_>)) {
        for version in Version::ALL {
            let called = Setup {
                version,
                ..self.server.clone()
            };
            let ready: Result<Vec<_>, _> = servers.iter().map(|s| s.ready(&called)).collect();
            let ready = ready.expect("a server was not built");
            for client in clients {
                let Some(caller) = self.ready_client(&**client, version) else {
                    continue;
                };
                for (server, called) in servers.iter().zip(&ready) {
                    let (client_saw, server_saw) = meet(&*caller, &**called);
                    // Shown for the meeting that fails.
                    println!("{version:?}\n{client:?}: {client_saw:?}\n{server:?}: {server_saw:?}");
                    check(&Played {
                        version,
                        client: Part::of(&**client, &client_saw),
                        server: Part::of(&**server, &server_saw),
                    });
                }
            }
        }
    }

    /// `None` where native-tls said, as it must, that it cannot do this.
    fn ready_client(&self, client: &dyn End, version: Version) -> Option<Box<dyn Ready>> {
        let ready = client.ready(&Setup {
            version,
            ..self.client.clone()
        });
        if !self.client_relaxes || client.kind() != Some(BackendKind::NativeTls) {
            return Some(ready.expect("the client was not built"));
        }
        let Err(BuildError::Unsupported { backend, what, .. }) = ready else {
            panic!("native-tls was built with an opt-in that it cannot honour");
        };
        assert!(backend == BackendKind::NativeTls && !what.is_empty());
        None
    }
}

#[track_caller]
fn assert_no_facade_takes(setup: &Setup) {
    if let Some(odd) = &setup.identity {
        let taken = MtlsIdentity::from_der(odd.chain.clone(), odd.key.secret_pkcs8_der());
        assert!(taken.is_err(), "a facade can present this too");
    }
}

/// A client like `alice` of the cast, to be issued by any CA.
pub(crate) fn alice() -> Leaf {
    Leaf::named("alice").dns("alice.test").client()
}

/// A server like that of the cast, to be issued by any CA.
pub(crate) fn server() -> Leaf {
    let names = Leaf::named("server").dns("server.test").dns("localhost");
    names.ip("127.0.0.1").server()
}

/// One meeting of many.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Played<'a> {
    pub(crate) version: Version,
    pub(crate) client: Part<'a>,
    pub(crate) server: Part<'a>,
}

/// One end of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Part<'a> {
    /// `None` for a raw peer.
    pub(crate) kind: Option<BackendKind>,
    pub(crate) saw: &'a Seen,
}

impl<'a> Part<'a> {
    fn of(end: &dyn End, saw: &'a Seen) -> Self {
        Self {
            kind: end.kind(),
            saw,
        }
    }
}
