"""Alerts about budgets: raised once, shown in the bell, sent to the channels of STAGING_ALERT_URLS.

due.py       what a budget's standing calls for, in words
channels.py  the way to Slack, e-mail, webhooks: Apprise, and no secret comes out of it
courier.py   one channel's deliveries, each written down before it is sent and after
watch.py     the threads: one that looks, one for each channel
"""

from staging.alerts.channels import SYNTAX, Channel, Outcome, open_channels
from staging.alerts.courier import retry_at
from staging.alerts.watch import AlertWatch

__all__ = ["SYNTAX", "AlertWatch", "Channel", "Outcome", "open_channels", "retry_at"]
