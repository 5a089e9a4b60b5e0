'use strict'

// A class is made for each tenant's own columns, and kept by tenant.

const modelByTenant = {}

class Model {
  static columns = []
}

module.exports = {
  holder: [/\bmodelByTenant\b/, /classes-by-tenant\.js/],
  thing: /\bTenantModel\b/,
  count: 1,
  bytes: 5200,
  calls: [100, 1000, 1000],
  leak (index) {
    modelByTenant[`tenant_${(index * 7919).toString(36)}`] = class TenantModel extends Model {
      static columns = Array.from({ length: 60 }, (_, column) => ({ column, title: `column ${column}` }))
      save () { return TenantModel.columns.length }
    }
  }
}
