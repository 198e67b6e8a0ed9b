use std::io;

use super::{ProbeReport, RequestReport, TlsReport, VersionReport};
use crate::explain::Step;
use crate::output::{Details, Page};
use crate::probe::verdict::Verdict;

impl Details for ProbeReport {
    fn write(&self, page: &mut Page<'_>) -> io::Result<()> {
        self.write_verdicts(page)?;
        if let Some(tls) = &self.tls {
            tls.write(page)?;
        }
        self.write_versions(page)?;
        if let Some(request) = &self.certificate_request {
            request.write(page)?;
        } else if self.tls.is_some() {
            page.field("client certificate", "not requested")?;
        }
        if let Some(identity) = &self.identity {
            let verb = if identity.is_presented {
                "presented"
            } else {
                "not presented"
            };
            page.field("our certificate", &format!("{} ({verb})", identity.subject))?;
        }
        for certificate in &self.presented {
            let title = format!("certificate {}", certificate.index);
            match &certificate.facts {
                Some(facts) => facts.write(page, &title, self.at.0)?,
                None => page.heading(&format!("{title}: it cannot be read"))?,
            }
        }
        if self.presented_left_out > 0 {
            let more = format!("and {} more certificates", self.presented_left_out);
            page.heading(&more)?;
        }
        match &self.policy {
            Some(policy) if policy.is_accepted && !self.is_verbose => {
                page.heading("our policy accepts the server (--verbose shows each step)")?;
            }
            Some(policy) => {
                page.heading("our policy about the server")?;
                Step::write_all(&policy.steps, page, 0)?;
            }
            None => {}
        }
        Ok(())
    }
}

impl ProbeReport {
    fn write_verdicts(&self, page: &mut Page<'_>) -> io::Result<()> {
        let us = match self
            .acceptance
            .as_ref()
            .map(|acceptance| acceptance.verdict)
        {
            Some(Verdict::Accepted) if self.identity.is_some() => "it accepts us",
            Some(Verdict::Accepted) => "it accepts clients without a certificate",
            Some(Verdict::NoObjection) => "it does not object to us",
            Some(Verdict::Rejected) => "it rejects us",
            Some(Verdict::Unknown) => "whether it accepts us is not known",
            None => "it was not asked about us",
        };
        let server = match &self.policy {
            Some(policy) if policy.is_accepted => "our policy accepts it",
            Some(_) => "our policy rejects it",
            None => "our policy was not asked",
        };
        let mut heading = self.target.clone();
        if let Some(address) = self.address.as_ref().filter(|address| **address != heading) {
            heading.push_str(&format!(" ({address})"));
        }
        if !self.presented.is_empty() {
            heading.push_str(&format!(": {server}, {us}"));
        }
        page.heading(&heading)?;
        if let Some(name) = &self.server_name {
            page.field("name", name)?;
        }
        if let Some(acceptance) = &self.acceptance {
            page.field("seen by", &acceptance.evidence.replace('_', " "))?;
        }
        Ok(())
    }

    fn write_versions(&self, page: &mut Page<'_>) -> io::Result<()> {
        let text = |version: &VersionReport| {
            let answer = match version.is_spoken {
                Some(true) => "yes",
                Some(false) => "no",
                None => "not known",
            };
            format!("{}: {answer}", version.version)
        };
        let versions: Vec<_> = self.versions.iter().map(text).collect();
        if versions.is_empty() {
            return Ok(());
        }
        page.field("versions", &versions.join(", "))
    }
}

impl TlsReport {
    fn write(&self, page: &mut Page<'_>) -> io::Result<()> {
        let mut tls = format!("{}, {}", self.version, self.cipher_suite);
        let parts = [&self.group, &self.signature_scheme].into_iter().flatten();
        parts.for_each(|part| tls.push_str(&format!(", {part}")));
        if let Some(alpn) = &self.alpn {
            tls.push_str(&format!(", ALPN {alpn}"));
        }
        page.field("negotiated", &tls)
    }
}

impl RequestReport {
    fn write(&self, page: &mut Page<'_>) -> io::Result<()> {
        let requested = match self.is_required {
            Some(true) => "required",
            Some(false) => "requested, not required",
            None => "requested",
        };
        page.field("client certificate", requested)?;
        let mut names = self.ca_names.clone();
        if self.ca_names_left_out > 0 {
            names.push(format!("{} more", self.ca_names_left_out));
        }
        if names.is_empty() {
            page.field("of the CAs", "any: the server names none")?;
        } else {
            page.field("of the CAs", &names.join("; "))?;
        }
        page.field("signed by", &self.signature_schemes.join(", "))
    }
}
