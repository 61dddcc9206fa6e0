"""The Chinese words of the codes in the ledger. Each app registers its own when the site starts (in `apps.ready`)."""

_actions: dict[str, str] = {
    # staff stands below and notices beside: neither can register here itself
    "delivery.retry": "重新发送消息",
    "user.create": "人员建档",
    "user.update": "修改人员资料",
    "user.deactivate": "停用账号",
    "user.reactivate": "恢复账号",
    "user.signature_image": "更新签名图片",
    "password.change": "修改密码",
    "password.reset": "重置密码",
    "post.assign": "任命岗位",
    "post.end": "结束任职",
    "post.withdraw": "撤销误设任职",
    "certificate.add": "登记证书",
    "certificate.update": "修改证书",
    "certificate.remove": "移除证书",
    "unit.create": "新建单位",
    "unit.update": "修改单位",
    "reference.add": "新增基础数据",
    "reference.change": "修改基础数据",
}


def register(labels: dict[str, str]) -> None:
    """Add action code → Chinese words."""
    _actions.update(labels)


def action_label(code: str) -> str:
    """The Chinese words of an action code; the code itself where nobody registered any."""
    return _actions.get(code, code)


def all_actions() -> list[tuple[str, str]]:
    """Every known (code, words), for a filter."""
    return sorted(_actions.items(), key=lambda pair: pair[0])
