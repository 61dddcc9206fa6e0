from django.db import models


class BusinessLine(models.TextChoices):
    BILL_OF_QUANTITIES = "bill_of_quantities", "工程量清单编制"
    TENDER_CONTROL_PRICE = "tender_control_price", "招标控制价"
    BUDGET = "budget", "预算编制"
    BID_ANALYSIS = "bid_analysis", "标函分析"
    SETTLEMENT = "settlement", "结算编制"
    SETTLEMENT_REVIEW = "settlement_review", "结算审核"
    WHOLE_PROCESS = "whole_process", "全过程造价咨询"
    ENGINEERING_CONSULTING = "engineering_consulting", "工程咨询（可研等）"


class ContractKind(models.TextChoices):
    MAIN = "main", "总承包"
    OTHER = "other", "其他"


class Importance(models.TextChoices):
    ORDINARY = "ordinary", "一般"
    MAJOR = "major", "重大"


class Confidentiality(models.TextChoices):
    PUBLIC = "public", "公开"
    INTERNAL = "internal", "内部"
    SECRET = "secret", "秘密"


class Stage(models.TextChoices):
    """The seven stages of a consulting service [S]."""

    INITIATION = "initiation", "项目启动"
    NEEDS = "needs", "咨询需求分析"
    DESIGN = "design", "咨询方案设计"
    DELIVERY = "delivery", "咨询服务实施"
    ANALYSIS = "analysis", "咨询结果分析"
    REPORTING = "reporting", "咨询报告编制"
    CLOSING = "closing", "项目总结"


class DeliverableKind(models.TextChoices):
    BILL = "bill", "工程量清单"
    CONTROL_PRICE = "control_price", "招标控制价文件"
    BUDGET = "budget", "预算书"
    BID_REPORT = "bid_report", "标函分析报告"
    SETTLEMENT = "settlement", "结算书"
    SETTLEMENT_REPORT = "settlement_report", "结算审核报告"
    COST_REPORT = "cost_report", "造价咨询报告"
    FEASIBILITY = "feasibility", "可行性研究报告"
    OTHER = "other", "其他成果文件"


class RiskStatus(models.TextChoices):
    OPEN = "open", "未处理"
    REMOVED = "removed", "已排除"
    ACCEPTED = "accepted", "已接受"


class Degree(models.IntegerChoices):
    LOW = 1, "低"
    MEDIUM = 2, "中"
    HIGH = 3, "高"


class InquiryChannel(models.TextChoices):
    FACE_TO_FACE = "face_to_face", "当面"
    WRITTEN = "written", "书面"
    PHONE = "phone", "电话"


class HandoverKind(models.TextChoices):
    """What a set of materials from the client is. All but the last start a clock when they are complete (§6)."""

    MATERIALS = "materials", "结算资料"
    SETTLEMENT_DOCUMENTS = "settlement_documents", "结算书"
    DRAWINGS = "drawings", "单项工程图纸"
    BIDS = "bids", "投标书"
    OTHER = "other", "其他资料"


class MaterialCategory(models.TextChoices):
    DRAWINGS = "drawings", "图纸"
    DESIGN_CHANGES = "design_changes", "设计变更"
    SITE_VISAS = "site_visas", "现场签证"
    CONTRACT = "contract", "合同"
    SETTLEMENT_DOCUMENTS = "settlement_documents", "结算书"
    BIDS = "bids", "投标书"
    OTHER = "other", "其他"
