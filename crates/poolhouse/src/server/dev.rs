//! `poolhouse dev`: a server on this machine with the service deployed to it, deployed again on every change.

use std::{path::Path, sync::Arc, time::Duration};

use outbound::SystemClock;
use serverless::{Options, Service};

use super::{
    Running, Settings, logging,
    start::{asked_again, asked_to_stop, start},
    watch::Changes,
};
use crate::{
    aws::{Client, Keys},
    cli,
    commands::{Context, logs},
    deployment::{self, Bundle, Outcome, Wishes},
    failure::Failure,
    summary::Summary,
};

/// Between looks at the functions' logs.
const LOOK: Duration = Duration::from_millis(300);

pub async fn run(args: &cli::Dev) -> Result<(), Failure> {
    let context = Context::new(false, args.verbose);
    if !args.dir.is_dir() {
        return Err(Failure::wrong(format!("{} is not a folder", args.dir.display())));
    }
    let mut settings =
        Settings::read(&args.server, &context.environment, &args.dir.join(".poolhouse"), "warn")?;
    if args.server.region.is_none()
        && let Some(region) = region_of(args, &context)
    {
        settings.region = region;
    }
    logging::start(&settings.log, settings.log_format)?;
    context.terminal.step("Starting the server");
    let mut running = start(&settings, true).await?;
    let mut dev = Dev::new(args, &context, &settings, &running)?;
    let session = async {
        dev.first().await;
        dev.go_on().await
    };
    let outcome = tokio::select! {
        ended = running.ended() => return ended,
        outcome = session => outcome,
        () = asked_to_stop() => Ok(()),
    };
    context.terminal.rest();
    context.terminal.line("\nStopping. What you made stays; start again and it is there.");
    running.stop.now();
    tokio::select! {
        ended = running.ended() => ended.and(outcome),
        () = asked_again() => Err(Failure::tried("stopped at once, as asked a second time")),
    }
}

/// The service's own region, where its file says one: the server is there, then.
fn region_of(args: &cli::Dev, context: &Context) -> Option<base::Region> {
    let options = Options {
        stage: args.stage.clone(),
        params: args.params.clone(),
        env: context.environment.pairs(),
        account_id: Some(base::AccountId::default().to_string()),
        ..Options::default()
    };
    let service = serverless::load(&args.dir, options).ok()?;
    base::Region::new(service.region).ok()
}

struct Dev<'a> {
    args: &'a cli::Dev,
    context: &'a Context,
    settings: &'a Settings,
    base_url: String,
    client: Client,
    changes: Changes,
    tails: Vec<(String, logs::Tail)>,
}

impl<'a> Dev<'a> {
    fn new(
        args: &'a cli::Dev,
        context: &'a Context,
        settings: &'a Settings,
        running: &Running,
    ) -> Result<Self, Failure> {
        let keys = Keys {
            access_key_id: running.root_key.access_key_id.clone(),
            secret_access_key: running.root_key.secret_access_key.clone(),
            session_token: None,
        };
        let endpoint = format!("http://localhost:{}", running.listening.port());
        let endpoint = if running.listening.ip().is_loopback() || running.listening.ip().is_unspecified() {
            endpoint
        } else {
            Settings::endpoint_url(running.listening)
        };
        let client = Client::new(&endpoint, settings.region.as_str(), Some(keys), Arc::new(SystemClock));
        Ok(Self {
            args,
            context,
            settings,
            base_url: running.base_url.clone(),
            client: client.map_err(Failure::tried)?,
            changes: Changes::below(&args.dir)?,
            tails: Vec::new(),
        })
    }

    /// A file that is wrong is no reason to stop: it is told, and waited for.
    async fn first(&mut self) {
        match self.deploy().await {
            Ok((service, _)) => match Summary::gather(&self.client, &service).await {
                Ok(summary) => self.welcome(&summary),
                Err(failure) => self.context.terminal.failed(&failure),
            },
            Err(failure) => {
                self.context.terminal.failed(&failure);
                self.context
                    .terminal
                    .line(&format!("\nThe server runs at {}; waiting for a change …", self.base_url));
            }
        }
    }

    async fn go_on(&mut self) -> Result<(), Failure> {
        loop {
            tokio::select! {
                () = self.changes.next() => self.again().await,
                () = tokio::time::sleep(LOOK) => self.show_logs().await,
            }
        }
    }

    async fn again(&mut self) {
        let began = tokio::time::Instant::now();
        self.context.terminal.step("Something changed: deploying");
        match self.deploy().await {
            Ok((_, Outcome::NothingChanged)) => self.context.terminal.rest(),
            Ok((_, Outcome::Deployed)) => {
                let took = format!("({:.1}s)", began.elapsed().as_secs_f32());
                let terminal = &self.context.terminal;
                terminal.say(&format!("{} Deployed again {}", terminal.good("✔"), terminal.dim(&took)));
            }
            Err(failure) => {
                self.context.terminal.failed(&failure);
                self.context.terminal.line("What was deployed before goes on; waiting for the next change …");
            }
        }
    }

    async fn deploy(&mut self) -> Result<(Service, Outcome), Failure> {
        let terminal = &self.context.terminal;
        let service = self.service()?;
        terminal.step("Packaging");
        let compiled = serverless::compile(&service).map_err(Failure::file)?;
        self.context.show_warnings(&compiled.report);
        let bundle = Bundle::from(compiled);
        let outcome = deployment::deploy(&self.client, &bundle, &Wishes::default(), terminal).await?;
        self.follow_logs(&service);
        self.write_info(&service).await;
        Ok((service, outcome))
    }

    fn service(&self) -> Result<Service, Failure> {
        let options = Options {
            config: None,
            stage: self.args.stage.clone(),
            region: Some(self.settings.region.to_string()),
            params: self.args.params.clone(),
            env: self.context.environment.pairs(),
            account_id: Some(self.settings.account.to_string()),
            now_millis: self.context.clock.now().millis(),
        };
        serverless::load(&self.args.dir, options).map_err(Failure::file)
    }

    /// `<data>/info.json`: the same document as `poolhouse info --json`, for a front end that wants to know the addresses.
    async fn write_info(&self, service: &Service) {
        let outcome = match Summary::gather(&self.client, service).await {
            Ok(summary) => {
                let text = serde_json::to_string_pretty(&summary.to_json()).unwrap_or_default();
                super::files::write_private(&self.settings.data.join("info.json"), &text)
                    .map_err(|error| error.to_string())
            }
            Err(failure) => Err(failure.message),
        };
        if let Err(reason) = outcome {
            self.context.terminal.warning(&format!("info.json could not be written: {reason}"));
        }
    }

    fn follow_logs(&mut self, service: &Service) {
        let now = self.context.clock.now().millis();
        self.tails.retain(|(key, _)| service.functions.iter().any(|function| function.key == *key));
        for function in &service.functions {
            if !self.tails.iter().any(|(key, _)| *key == function.key) {
                let tail = logs::Tail::new(self.client.clone(), &function.name, now, None);
                self.tails.push((function.key.clone(), tail));
            }
        }
    }

    async fn show_logs(&mut self) {
        for (key, tail) in &mut self.tails {
            // A look that failed is followed by another one.
            for event in tail.look().await.unwrap_or_default() {
                let line = logs::format_event(self.context, &event);
                self.context
                    .terminal
                    .say(&format!("{} {line}", self.context.terminal.dim(&format!("[{key}]"))));
            }
        }
    }

    fn welcome(&self, summary: &Summary) {
        let terminal = &self.context.terminal;
        terminal.say(&format!(
            "{} {} is up {}\n\n{}\n\n{}",
            terminal.good("✔"),
            summary.service,
            terminal.dim(&format!("({})", terminal.seconds())),
            summary.for_people(self.client.endpoint()),
            self.what_next(summary)
        ));
    }

    fn what_next(&self, summary: &Summary) -> String {
        let (base, region) = (self.client.endpoint(), &summary.region);
        let mut text = String::from("What to do next:");
        let mut step = |line: String| text.push_str(&format!("\n  {line}"));
        let front_end = self.args.dir.join("frontend/server.mjs");
        if front_end.is_file() {
            step(format!("node {:<60} the service's own page", front_end.display().to_string()));
        }
        if let Some(url) = summary.user_pools.iter().flat_map(|pool| pool.login_urls()).next() {
            step(format!("open {url}"));
            step(String::from("     to create an account and sign in"));
        }
        if self.settings.smtp.is_none() && !summary.user_pools.is_empty() {
            step(format!("curl '{base}/_poolhouse/outbox?to=ADDRESS'"));
            step(format!(
                "     shows the mail it sends; it lies in {}",
                self.settings.data.join("outbox").display()
            ));
        }
        if let Some(endpoint) = summary.endpoints.first() {
            step(format!("curl -X {} {}", endpoint.method.replace("ANY", "GET"), endpoint.url));
        }
        step(format!(
            "export AWS_ENDPOINT_URL={base} AWS_REGION={region} AWS_DEFAULT_REGION={region} AWS_SHARED_CREDENTIALS_FILE={}",
            self.absolute("credentials")
        ));
        step(String::from("     and the AWS CLI and SDKs talk to this server"));
        step(String::from(
            "change the service's file or its code: it is deployed again. Ctrl-C stops the server.",
        ));
        text
    }

    fn absolute(&self, name: &str) -> String {
        let path = self.settings.data.join(name);
        path.canonicalize().unwrap_or_else(|_| Path::new(&path).to_path_buf()).display().to_string()
    }
}
