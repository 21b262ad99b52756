//! From a request to credentials: by way of the browser, or pasted.

use std::cell::Cell;
use std::time::Duration;

use super::Args;
use super::request::SignInRequest;
use crate::client::Credentials;
use crate::context::{Context, parse_timeout};
use crate::domain::RootUrl;
use crate::error::{Error, Kind, Result};
use crate::signin::{Decision, Expected, Listener, Page, Refusal, browser, unique_name};

/// Shows the page's address and waits for the credentials.
///
/// # Errors
/// When nothing can listen, nobody answers in time, or what was pasted is not the answer.
pub(super) async fn credentials(
    args: &Args,
    request: &SignInRequest,
    root: &RootUrl,
    context: &Context,
) -> Result<Credentials> {
    let limit = context.globals.timeout.as_deref().map(parse_timeout).transpose()?;
    let name = unique_name(&request.name);
    let url = |expected: &Expected| {
        let callback = expected.callback_url();
        let page = Page {
            root,
            scopes: &request.scopes,
            name: &name,
            expires: &request.lifetime,
            description: &args.description,
            callback: &callback,
        };
        page.url()
    };
    if args.paste {
        return paste(&url, args.port, context).await;
    }
    let listener = Listener::bind(args.port).await?;
    let port = listener.expected().port;
    let url = url(listener.expected());
    tell(&url, context);
    if args.no_browser {
        context.ui.note(format!(
                "Is your browser on another machine? Forward the port from there: ssh -N -L {port}:localhost:{port} THIS-MACHINE\n\
                 Or sign in with --paste, which needs no port."
            ));
    }
    wait(listener, &url, !args.no_browser, limit, context).await
}

/// The address is no note that `--quiet` could silence: without it there is no way on.
fn tell(url: &str, context: &Context) {
    context.ui.write_stderr(format!("To sign in, open this page in your browser:\n\n  {url}\n\n").as_bytes());
}

async fn wait(
    listener: Listener,
    url: &str,
    with_browser: bool,
    limit: Option<Duration>,
    context: &Context,
) -> Result<Credentials> {
    let last = Cell::new(None);
    let refused = |refusal: Refusal| {
        tracing::info!(status = refusal.status, why = refusal.why, "refused a request at the callback");
        last.set(Some(refusal.why));
    };
    let clock = &*context.env.clock;
    let browse = async {
        if with_browser && !browser::open(browser::commands(url, &context.env)).await {
            context.ui.note("No browser could be opened; open the page yourself.");
        }
        std::future::pending::<()>().await;
    };
    let over = async {
        match limit {
            Some(limit) => clock.sleep(limit).await,
            None => std::future::pending().await,
        }
    };
    context.ui.note("Waiting for the browser to come back; Ctrl-C gives up.");
    tokio::select! {
        credentials = listener.wait(clock, &refused) => Ok(credentials),
        () = over => Err(out_of_time(last.get())),
        () = browse => Err(Error::interrupted()),
    }
}

fn out_of_time(last: Option<&str>) -> Error {
    let error = Error::new(Kind::Pending, "nobody signed in within the time limit")
        .hint("Sign in again, with a longer --timeout or none.");
    match last {
        Some(why) => error.hint(format!("A request came that was not the page's answer: {why}.")),
        None => error,
    }
}

async fn paste(url: &dyn Fn(&Expected) -> String, port: Option<u16>, context: &Context) -> Result<Credentials> {
    let expected = Expected::unheard(port);
    tell(&url(&expected), context);
    context.ui.write_stderr(
        b"Your browser will end up at an address that starts with http://localhost: and cannot be reached.\n\
          Copy that address from the address bar and paste it here (it will not be shown): ",
    );
    let pasted = context.interruptible(context.read_hidden_line()).await;
    context.ui.write_stderr(b"\n");
    match expected.decide_pasted(&pasted?) {
        Decision::Accept { client_id, access_token } => {
            Ok(Credentials { client_id, access_token, certificate: None, authorized_scopes: None })
        }
        Decision::Ignore => Err(not_the_answer("it came to another path")),
        Decision::Refuse(refusal) => Err(not_the_answer(refusal.why)),
    }
}

fn not_the_answer(why: &str) -> Error {
    Error::failed(format!("what was pasted is not the page's answer: {why}"))
        .hint("Sign in again and paste the whole address at which the browser ends up.")
}
