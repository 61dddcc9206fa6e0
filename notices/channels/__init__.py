"""The ways out of the house, one module each. A new one is a copy of a neighbour and a line here.

A module has `WINDOWS`, how many posts are allowed within so many seconds; `parts(message)`, what will be sent, cut to what
the service takes; and `post(address, part, message)`, which sends one part and tells the `Outcome`. The address is the
`Bot`, or for e-mail the person's address."""

from notices.channels import dingtalk, email, feishu, wecom
from notices.choices import Channel

CHANNELS = {
    Channel.EMAIL: email,
    Channel.WECOM: wecom,
    Channel.DINGTALK: dingtalk,
    Channel.FEISHU: feishu,
}
