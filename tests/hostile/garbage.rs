//! What a TLS server does not expect.

/// Makes bytes that are the same in every run.
pub struct Garbage {
    state: u64,
    hello: Vec<u8>,
}

impl Garbage {
    /// `hello` is a true `ClientHello`, to spoil.
    pub fn new(seed: u64, hello: &[u8]) -> Self {
        Self {
            state: seed.wrapping_mul(2).wrapping_add(1),
            hello: hello.to_vec(),
        }
    }

    pub fn next(&mut self) -> Vec<u8> {
        match self.below(8) {
            0 => self.random(1 << 14),
            1 => b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".to_vec(),
            2 => b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec(),
            3 => self.truncated(),
            4 => self.spoiled(),
            5 => self.huge_record(),
            6 => self.record(),
            _ => self.empty_records(),
        }
    }

    /// The record says how much would come, and it does not.
    fn truncated(&mut self) -> Vec<u8> {
        let length = self.below(self.hello.len());
        self.hello[..length].to_vec()
    }

    /// A few bytes are others.
    fn spoiled(&mut self) -> Vec<u8> {
        let mut hello = self.hello.clone();
        for _ in 0..=self.below(4) {
            let place = self.below(hello.len());
            hello[place] ^= 1 << self.below(8);
        }
        hello
    }

    /// Longer than any record may be (RFC 8446, section 5.2), all of it there.
    fn huge_record(&mut self) -> Vec<u8> {
        let mut record = vec![22, 3, 1, 0xff, 0xff];
        record.resize(5 + 0xffff, 1);
        record
    }

    /// Of a kind that does not come first, with anything in it.
    fn record(&mut self) -> Vec<u8> {
        let content = self.random(1 << 10);
        let kind = 20 + self.below(5) as u8;
        let length = (content.len() as u16).to_be_bytes();
        [&[kind, 3, 3, length[0], length[1]], &content[..]].concat()
    }

    /// Handshake records with nothing in them, which cost their sender little.
    fn empty_records(&mut self) -> Vec<u8> {
        [22, 3, 3, 0, 0].repeat(1 + self.below(2000))
    }

    fn random(&mut self, most: usize) -> Vec<u8> {
        let length = 1 + self.below(most);
        (0..length).map(|_| self.below(256) as u8).collect()
    }

    pub fn below(&mut self, end: usize) -> usize {
        // xorshift64
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        (self.state >> 16) as usize % end
    }
}
