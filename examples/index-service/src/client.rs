//! A client that asks one service, over one connection that stays open.

use std::time::Duration;

use anyhow::{Context as _, bail};
use ureq::Agent;
use ureq::http::Uri;

use crate::service::Stats;

/// How long an answer may take. Longer than any stall that is to be measured.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// Checks an address and gives it without a slash at its end.
///
/// # Errors
/// What is wrong with it.
pub fn base_of(url: &str) -> anyhow::Result<String> {
    let hint = "it looks like http://127.0.0.1:7180";
    let uri: Uri = url
        .parse()
        .with_context(|| format!("`{url}` is no address; {hint}"))?;
    if uri.scheme_str() != Some("http") {
        bail!("`{url}` does not begin with http://; {hint}");
    }
    if uri.host().is_none_or(str::is_empty) {
        bail!("`{url}` names no machine; {hint}");
    }
    if !matches!(uri.path(), "" | "/") || uri.query().is_some() {
        bail!("`{url}` has a path; the paths are known, {hint}");
    }
    Ok(url.trim_end_matches('/').to_owned())
}

/// See the module. Clones have connections of their own.
#[derive(Debug)]
pub struct Client {
    agent: Agent,
    base: String,
}

impl Clone for Client {
    fn clone(&self) -> Client {
        Client::with_base(self.base.clone())
    }
}

/// Status and body of an answer.
pub type Reply = (u16, Vec<u8>);

impl Client {
    /// A client of the service at `url`, which is not asked yet.
    ///
    /// # Errors
    /// Those of [`base_of`].
    pub fn new(url: &str) -> anyhow::Result<Client> {
        base_of(url).map(Client::with_base)
    }

    fn with_base(base: String) -> Client {
        let agent = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(PATIENCE))
            .max_idle_connections_per_host(1)
            .proxy(None)
            .max_redirects(0)
            .build()
            .new_agent();
        Client { agent, base }
    }

    /// Where it asks.
    #[must_use]
    pub fn base(&self) -> &str {
        &self.base
    }

    /// Sends a request without a body.
    ///
    /// # Errors
    /// If there is no answer.
    pub fn get(&self, path: &str) -> Result<Reply, ureq::Error> {
        reply(self.agent.get(self.url(path)).call()?)
    }

    /// Stores a value.
    ///
    /// # Errors
    /// If there is no answer.
    pub fn put(&self, path: &str, body: &[u8]) -> Result<Reply, ureq::Error> {
        reply(self.agent.put(self.url(path)).send(body)?)
    }

    /// Sends a body to be worked on.
    ///
    /// # Errors
    /// If there is no answer.
    pub fn post(&self, path: &str, body: &[u8]) -> Result<Reply, ureq::Error> {
        reply(self.agent.post(self.url(path)).send(body)?)
    }

    /// Deletes what the path, or the body, names.
    ///
    /// # Errors
    /// If there is no answer.
    pub fn delete(&self, path: &str, body: &[u8]) -> Result<Reply, ureq::Error> {
        let request = self.agent.delete(self.url(path));
        reply(request.force_send_body().send(body)?)
    }

    /// What the service says of itself, which also tells that it is one.
    ///
    /// # Errors
    /// If nothing answers there, or something else does.
    pub fn stats(&self) -> anyhow::Result<Stats> {
        let (status, body) = self.get("/stats").with_context(|| {
            format!(
                "no service answers at {}; start one with `index-service serve`",
                self.base
            )
        })?;
        serde_json::from_slice(&body).with_context(|| {
            format!(
                "what answers at {} (status {status}) is no index-service; its live page has another port",
                self.base
            )
        })
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }
}

fn reply(mut response: ureq::http::Response<ureq::Body>) -> Result<Reply, ureq::Error> {
    let status = response.status().as_u16();
    Ok((status, response.body_mut().read_to_vec()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        assert_eq!(
            base_of("http://[::1]:80/").expect("good"),
            "http://[::1]:80"
        );
        for (url, part) in [
            ("", "no address"),
            ("127.0.0.1:7180", "http://"),
            ("https://a", "http://"),
            ("http://", "no address"),
            ("http://a b", "no address"),
            ("http://a:1/entry/x", "path"),
        ] {
            let error = format!("{:#}", base_of(url).expect_err(url));
            assert!(error.contains(part), "{url}: {error}");
        }
    }
}
